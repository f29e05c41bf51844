//! gRPC: parse, call the use case, convert; a few lines an RPC. What is wrong with a request is said in `parse`, and nowhere
//! else.

mod break_glass;
mod convention;
mod convert;
mod expense;
mod holdings;
mod leave;
mod lifecycle;
mod member;
mod network;
mod parse;
mod partner_link;
mod patient;
mod recipient;
mod referral;
mod staff_time;
mod statement;
mod vault;

pub use holdings::holdings;

use relais_platform::{
    Context,
    calls::{Role, Rule, Rules, Sight, caller::Purpose, rules::Fields},
    parties::{Capacity, Content},
};
use relais_proto::{
    convention::v1::{
        convention_service_server::ConventionServiceServer, expense_service_server::ExpenseServiceServer,
        staff_time_service_server::StaffTimeServiceServer, statement_service_server::StatementServiceServer,
    },
    network::v1::{
        leave_service_server::LeaveServiceServer, member_service_server::MemberServiceServer,
        network_service_server::NetworkServiceServer,
    },
    referral::v1::{
        break_glass_service_server::BreakGlassServiceServer, partner_link_service_server::PartnerLinkServiceServer,
        patient_service_server::PatientServiceServer, recipient_service_server::RecipientServiceServer,
        referral_service_server::ReferralServiceServer, vault_service_server::VaultServiceServer,
    },
};
use tonic::service::Routes;

/// What is served.
pub const SERVICES: &[&str] = &[
    "relais.network.v1.NetworkService",
    "relais.network.v1.MemberService",
    "relais.network.v1.LeaveService",
    "relais.convention.v1.ConventionService",
    "relais.convention.v1.StatementService",
    "relais.convention.v1.ExpenseService",
    "relais.convention.v1.StaffTimeService",
    "relais.referral.v1.PatientService",
    "relais.referral.v1.VaultService",
    "relais.referral.v1.ReferralService",
    "relais.referral.v1.PartnerLinkService",
    "relais.referral.v1.BreakGlassService",
    "relais.referral.v1.RecipientService",
];

const DIRECTORY: Rule = Rule::everybody(Sight::Everybody);
const INSTALLATION: Rule = Rule::roles(&[Role::Operator, Role::Network], Sight::Everybody);
const ADMINISTRATION: Rule = Rule::roles(&[Role::Operator, Role::Network, Role::Admin], Sight::Own);
const MEMBERS: Rule = Rule::roles(&[Role::Admin], Sight::Own);
const PERSON: Rule = Rule::everybody(Sight::Person);
const STAFF: Rule = Rule::roles(
    &[Role::Coordinator, Role::Desk, Role::Clinician, Role::Referent, Role::Visiting, Role::Admin],
    Sight::Own,
);
const STANDING_IN: Rule = Rule::roles(&[Role::Coordinator, Role::Admin], Sight::Own);
const AGREED: Rule = Rule::everybody(Sight::Agreement);
const AGREEMENT: Rule = Rule::roles(&[Role::Operator, Role::Network, Role::Coordinator], Sight::Agreement);
const CARERS: &[Role] = &[Role::Coordinator, Role::Desk, Role::Clinician];
const PATIENTS: Rule = Rule::roles(CARERS, Sight::Own);
const VERDICTS: Rule = Rule::roles(&[Role::Coordinator], Sight::Own);
const KEEPING: Rule = Rule::roles(&[Role::Coordinator, Role::Admin], Sight::Own);
const ACCESS_REQUEST: Rule = Rule::roles(&[Role::Coordinator, Role::Desk, Role::Clinician, Role::Admin], Sight::Own);
const OPERATION: Rule = Rule::roles(&[Role::Operator], Sight::Installation);
const PARTIES: Rule = Rule::roles(CARERS, Sight::Parties(&Capacity::ALL));
const REFERRERS: Rule = PARTIES.acts(&[Capacity::Referrer]);
const PROVIDERS: Rule = PARTIES.acts(&[Capacity::Provider]);
const PARTIES_OR_LINK: Rule =
    Rule::roles(&[Role::Coordinator, Role::Desk, Role::Clinician, Role::Partner], Sight::Parties(&Capacity::ALL))
        .links(&[Purpose::FollowUp]);

/// Other services, by themselves.
const PEERS: Rule = Rule::roles(&[Role::Service], Sight::Service);
const GLASS: Rule = Rule::roles(&[Role::Clinician], Sight::Glass);

/// What was opened is reviewed by whoever holds the patient's record.
const REVIEW: Rule = Rule::roles(&[Role::Admin], Sight::Own);

/// Who may call what.
pub const RULES: Rules = &[
    ("/relais.network.v1.NetworkService/CreateOrganisation", INSTALLATION),
    ("/relais.network.v1.NetworkService/GetOrganisation", DIRECTORY),
    ("/relais.network.v1.NetworkService/ListOrganisations", DIRECTORY),
    ("/relais.network.v1.NetworkService/CreateUnit", ADMINISTRATION),
    ("/relais.network.v1.NetworkService/GetUnit", DIRECTORY),
    ("/relais.network.v1.NetworkService/ListUnits", DIRECTORY),
    ("/relais.network.v1.NetworkService/CreateSite", ADMINISTRATION),
    ("/relais.network.v1.NetworkService/UpdateSite", ADMINISTRATION),
    ("/relais.network.v1.NetworkService/GetSite", DIRECTORY),
    ("/relais.network.v1.NetworkService/ListSites", DIRECTORY),
    ("/relais.network.v1.NetworkService/CreatePractitioner", ADMINISTRATION),
    ("/relais.network.v1.NetworkService/GetPractitioner", DIRECTORY),
    ("/relais.network.v1.NetworkService/ListPractitioners", DIRECTORY),
    ("/relais.network.v1.NetworkService/AddRegistration", ADMINISTRATION),
    ("/relais.network.v1.NetworkService/EndRegistration", ADMINISTRATION),
    ("/relais.network.v1.NetworkService/SetContact", ADMINISTRATION),
    ("/relais.network.v1.MemberService/InviteAdministrator", INSTALLATION),
    ("/relais.network.v1.MemberService/InviteMember", MEMBERS),
    ("/relais.network.v1.MemberService/AcceptInvitation", PERSON),
    ("/relais.network.v1.MemberService/GetMember", MEMBERS),
    ("/relais.network.v1.MemberService/ListMembers", MEMBERS),
    ("/relais.network.v1.MemberService/UpdateMember", MEMBERS),
    ("/relais.network.v1.MemberService/SuspendMember", MEMBERS),
    ("/relais.network.v1.MemberService/RestoreMember", MEMBERS),
    ("/relais.network.v1.MemberService/RemoveMember", MEMBERS),
    ("/relais.network.v1.MemberService/StartSession", PERSON),
    ("/relais.network.v1.LeaveService/CreateLeave", STAFF),
    ("/relais.network.v1.LeaveService/ListLeaves", STAFF),
    ("/relais.network.v1.LeaveService/EndLeave", STAFF),
    ("/relais.network.v1.LeaveService/SetUnitSubstitute", STANDING_IN),
    ("/relais.network.v1.LeaveService/GetActingPractitioner", STAFF),
    ("/relais.convention.v1.ConventionService/CreateConvention", AGREEMENT),
    ("/relais.convention.v1.ConventionService/UpdateConvention", AGREEMENT),
    ("/relais.convention.v1.ConventionService/SignConvention", AGREEMENT),
    ("/relais.convention.v1.ConventionService/AmendConvention", AGREEMENT),
    ("/relais.convention.v1.ConventionService/DiscardAmendment", AGREEMENT),
    ("/relais.convention.v1.ConventionService/SuspendConvention", AGREEMENT),
    ("/relais.convention.v1.ConventionService/ResumeConvention", AGREEMENT),
    ("/relais.convention.v1.ConventionService/TerminateConvention", AGREEMENT),
    ("/relais.convention.v1.ConventionService/GetConvention", AGREED),
    ("/relais.convention.v1.ConventionService/ListConventions", AGREED),
    ("/relais.convention.v1.ConventionService/ListConventionVersions", AGREED),
    ("/relais.convention.v1.ConventionService/GetUsage", Rule::everybody(Sight::Figures)),
    ("/relais.convention.v1.ConventionService/RecountUsage", Rule { sight: Sight::Figures, ..AGREEMENT }),
    ("/relais.convention.v1.StatementService/CloseStatement", AGREEMENT),
    ("/relais.convention.v1.StatementService/GetStatement", AGREED),
    ("/relais.convention.v1.StatementService/ListStatements", AGREED),
    ("/relais.convention.v1.StatementService/RenderStatement", AGREED),
    ("/relais.convention.v1.ExpenseService/RecordExpense", AGREEMENT),
    ("/relais.convention.v1.ExpenseService/CounterExpense", AGREEMENT),
    ("/relais.convention.v1.StaffTimeService/ReserveStaffTime", AGREEMENT),
    ("/relais.convention.v1.StaffTimeService/ConfirmStaffTime", AGREEMENT),
    ("/relais.convention.v1.StaffTimeService/ReleaseStaffTime", AGREEMENT),
    ("/relais.referral.v1.PatientService/CreatePatient", PATIENTS),
    ("/relais.referral.v1.PatientService/GetPatient", PATIENTS),
    ("/relais.referral.v1.PatientService/UpdatePatient", PATIENTS),
    ("/relais.referral.v1.PatientService/SearchPatients", PATIENTS),
    ("/relais.referral.v1.PatientService/ListDuplicates", PATIENTS),
    ("/relais.referral.v1.PatientService/DismissDuplicate", VERDICTS),
    ("/relais.referral.v1.PatientService/UndismissDuplicate", VERDICTS),
    ("/relais.referral.v1.PatientService/MergePatients", PATIENTS),
    ("/relais.referral.v1.PatientService/UnmergePatients", PATIENTS),
    ("/relais.referral.v1.PatientService/ErasePatient", KEEPING),
    ("/relais.referral.v1.PatientService/PlaceHold", KEEPING),
    ("/relais.referral.v1.PatientService/LiftHold", KEEPING),
    ("/relais.referral.v1.PatientService/ExportPatient", ACCESS_REQUEST),
    ("/relais.referral.v1.VaultService/RotateKeys", OPERATION),
    ("/relais.referral.v1.ReferralService/SubmitReferral", PATIENTS),
    ("/relais.referral.v1.ReferralService/CheckAdmission", PATIENTS),
    ("/relais.referral.v1.ReferralService/GetReferral", PARTIES_OR_LINK),
    ("/relais.referral.v1.ReferralService/ListReferrals", PARTIES),
    ("/relais.referral.v1.ReferralService/GetAllowedActions", PARTIES),
    ("/relais.referral.v1.ReferralService/LookupReferral", PARTIES),
    ("/relais.referral.v1.ReferralService/ListTransitions", PARTIES),
    ("/relais.referral.v1.ReferralService/GetTimeline", PATIENTS),
    ("/relais.referral.v1.ReferralService/AcceptReferral", PROVIDERS),
    ("/relais.referral.v1.ReferralService/RequestInformation", PROVIDERS),
    ("/relais.referral.v1.ReferralService/ProvideInformation", REFERRERS),
    ("/relais.referral.v1.ReferralService/WaitlistReferral", PROVIDERS),
    ("/relais.referral.v1.ReferralService/RejectReferral", PROVIDERS),
    ("/relais.referral.v1.ReferralService/RedirectReferral", PROVIDERS),
    ("/relais.referral.v1.ReferralService/CancelReferral", REFERRERS),
    ("/relais.referral.v1.ReferralService/ConfirmCancellation", PROVIDERS),
    ("/relais.referral.v1.ReferralService/DeclineCancellation", PROVIDERS),
    ("/relais.referral.v1.ReferralService/CompleteReferral", PROVIDERS),
    ("/relais.referral.v1.ReferralService/FailReferral", PROVIDERS),
    ("/relais.referral.v1.ReferralService/EnterInError", REFERRERS),
    ("/relais.referral.v1.ReferralService/UndoReferral", PARTIES.acts(&[Capacity::Referrer, Capacity::Provider])),
    ("/relais.referral.v1.ReferralService/ListWaiting", PARTIES),
    ("/relais.referral.v1.ReferralService/DeclineOffer", PARTIES.acts(&[Capacity::Referrer, Capacity::Provider])),
    ("/relais.referral.v1.PartnerLinkService/CreatePartnerLink", PARTIES),
    ("/relais.referral.v1.PartnerLinkService/ListPartnerLinks", PARTIES),
    ("/relais.referral.v1.PartnerLinkService/RevokePartnerLink", PARTIES),
    ("/relais.referral.v1.PartnerLinkService/RedeemPartnerLink", Rule::open(Sight::Link)),
    ("/relais.referral.v1.BreakGlassService/OpenFile", GLASS),
    ("/relais.referral.v1.BreakGlassService/ListFileAccesses", REVIEW),
    ("/relais.referral.v1.BreakGlassService/ReviewFileAccess", REVIEW),
    ("/relais.referral.v1.RecipientService/ResolveRecipients", PEERS),
    ("/relais.referral.v1.RecipientService/ResolveContact", PEERS),
];

/// Which service is asked for, and what is said beside a step, desks of those who send and receive must know; the patient's
/// situation is social.
pub const FIELDS: Fields = &[
    ("relais.referral.v1.Referral.service", Content::Service),
    ("relais.referral.v1.Referral.needs", Content::Social),
    ("relais.referral.v1.Referral.procedure", Content::Social),
    ("relais.referral.v1.Referral.health_cover", Content::Social),
    ("relais.referral.v1.Referral.declared_reason", Content::Social),
    ("relais.referral.v1.Referral.patient_wish", Content::Social),
    ("relais.referral.v1.Referral.territory", Content::Social),
    ("relais.referral.v1.Referral.patient_status", Content::Social),
    ("relais.referral.v1.ReferralTransition.note", Content::Service),
];

/// The service's gRPC services.
pub fn routes(context: &Context) -> Routes {
    let largest = context.settings.server.max_message_bytes;
    let context = || context.clone();
    Routes::new(NetworkServiceServer::new(network::Network(context())).max_decoding_message_size(largest))
        .add_service(MemberServiceServer::new(member::Members(context())).max_decoding_message_size(largest))
        .add_service(LeaveServiceServer::new(leave::Leaves(context())).max_decoding_message_size(largest))
        .add_service(
            ConventionServiceServer::new(convention::Conventions(context())).max_decoding_message_size(largest),
        )
        .add_service(StatementServiceServer::new(statement::Statements(context())).max_decoding_message_size(largest))
        .add_service(ExpenseServiceServer::new(expense::Expenses(context())).max_decoding_message_size(largest))
        .add_service(StaffTimeServiceServer::new(staff_time::StaffTimes(context())).max_decoding_message_size(largest))
        .add_service(PatientServiceServer::new(patient::Patients(context())).max_decoding_message_size(largest))
        .add_service(VaultServiceServer::new(vault::Keys(context())).max_decoding_message_size(largest))
        .add_service(
            BreakGlassServiceServer::new(break_glass::BreakGlass(context())).max_decoding_message_size(largest),
        )
        .add_service(RecipientServiceServer::new(recipient::Recipients(context())).max_decoding_message_size(largest))
        .add_service(ReferralServiceServer::new(referral::Referrals(context())).max_decoding_message_size(largest))
        .add_service(
            PartnerLinkServiceServer::new(partner_link::PartnerLinks(context())).max_decoding_message_size(largest),
        )
}
