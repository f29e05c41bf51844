//! What the matrix knows of RPCs and resources that no descriptor says: what is somebody's, and who does not get in, and why.

/// What is somebody's: to all others it must look absent. All else is the directory's: organisations, units, sites, practitioners
/// with their registrations, which every caller reads; and slots, which are times of a site, offered to whoever sends patients there:
/// whose an appointment in one is, its own row says.
pub const PRIVATE: [&str; 17] = [
    "relais.health/Patient",
    "relais.health/Referral",
    "relais.health/Convention",
    "relais.health/Statement",
    "relais.health/Appointment",
    "relais.health/Order",
    "relais.health/Message",
    "relais.health/Delivery",
    "relais.health/PartnerLink",
    "relais.health/PatientHold",
    "relais.health/FileAccess",
    "relais.health/Member",
    "relais.health/Leave",
    "relais.health/Report",
    "relais.health/Attachment",
    "relais.health/OpeningRule",
    "relais.health/Closure",
];

/// RPCs that no request out of the descriptors gets into, and why.
pub const CLOSED: &[(&str, &str)] = &[
    ("GetParkedMessage", "nothing is parked"),
    ("ReplayParkedMessage", "nothing is parked"),
    ("DiscardParkedMessage", "nothing is parked"),
    ("StreamSnapshot", "services alone get in, acting for an operator: rebuilding is tried elsewhere"),
    ("RedeemPartnerLink", "its secret is in no descriptor"),
    ("AcceptInvitation", "its secret is in no descriptor"),
    ("StartSession", "whoever asks here names an organisation already: a session has tests of its own"),
    ("LookupReferral", "its number is in no descriptor: it has tests of its own"),
    ("OpenFile", "it shows what is another's: its words are too short here, and it has tests of its own"),
    ("UploadAttachment", "its parts are one of several: it has tests of its own"),
];

/// Roles that an RPC admits and that do not get in with their own ids here, and why. All others must.
pub const KEPT_OUT: &[(&str, &[&str], &str)] = &[
    ("CreateLeave", NOT_THEIRS, "an admin, or who is the practitioner: these have no entry of the register"),
    ("EndLeave", NOT_THEIRS, "an admin, or who is the practitioner: these have no entry of the register"),
    ("ErasePatient", &["admin"], "the coordinator came first, and the record is gone"),
    ("GetConvention", &["service"], "by itself it is of no organisation, and no party"),
    ("GetUsage", &["service"], "by itself it is of no organisation, and no party"),
    ("ListConventionVersions", &["service"], "by itself it is of no organisation, and no party"),
    ("GetStatement", &["service"], "by itself it is of no organisation, and no party"),
    ("ListStatements", &["service"], "by itself it is of no organisation, and no party"),
    ("RenderStatement", &["service"], "by itself it is of no organisation, and no party"),
    ("ListConventions", &["service"], "by itself it is of no organisation, and no party"),
];

const NOT_THEIRS: &[&str] = &["clinician", "coordinator", "desk", "referent", "visiting"];

/// RPCs that say back what their caller wrote, whatever there is.
pub const ECHOES: &[&str] = &["ListQuarantinedReports"];
