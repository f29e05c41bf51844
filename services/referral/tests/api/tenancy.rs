//! Organisations that are none, and organisations that are not the token's: named in a token, in a request, in a nested field.

use anyhow::Result;
use relais_proto::{
    convention::v1::GetConventionRequest,
    network::v1::{CreateUnitRequest, Unit, unit::Kind},
    referral::v1::{GetPatientRequest, GetReferralRequest, ListReferralsRequest, Referral, SubmitReferralRequest},
};
use relais_tests::{Identity, Issuer, partnership, request_id, violations};
use serde_json::json;
use tonic::Code;
use uuid::Uuid;

use crate::partners::Partners;

fn nil(collection: &str) -> String {
    format!("{collection}/{}", Uuid::nil())
}

#[tokio::test]
async fn the_nil_uuid_is_nobody_and_nothing() -> Result<()> {
    let partners = Partners::meet().await?;
    partners.submit().await?;
    // It is the name of nothing: refused as no name, wherever it stands.
    let desk = &partners.desk;
    let referral = desk.referrals().get_referral(GetReferralRequest { name: nil("referrals") }).await.unwrap_err();
    let patient = desk.patients().get_patient(GetPatientRequest { name: nil("patients") }).await.unwrap_err();
    let request = GetConventionRequest { name: nil("conventions") };
    let convention = desk.conventions().get_convention(request).await.unwrap_err();
    for refused in [referral, patient, convention] {
        assert_eq!((refused.code(), violations(&refused)), (Code::InvalidArgument, vec!["name".to_string()]));
    }
    let wrong = [
        ("patient", Referral { patient: nil("patients"), ..partners.ask() }),
        ("convention", Referral { convention: nil("conventions"), ..partners.ask() }),
        ("provider", Referral { provider: nil("organisations"), ..partners.ask() }),
        ("site", Referral { site: format!("{}/{}", partners.provider, nil("sites")), ..partners.ask() }),
        ("site", Referral { site: format!("{}/sites/{}", nil("organisations"), Uuid::now_v7()), ..partners.ask() }),
        ("prescriber", Referral { prescriber: format!("{}/{}", partners.mdm, nil("practitioners")), ..partners.ask() }),
    ];
    for (field, ask) in wrong {
        let refused = desk.referrals().submit_referral(partners.request(ask)).await.unwrap_err();
        let field = format!("referral.{field}");
        assert_eq!(refused.code(), Code::InvalidArgument, "{field}");
        assert!(violations(&refused).iter().all(|wrong| *wrong == field), "{field}: {refused:?}");
    }
    let request = SubmitReferralRequest { request_id: Uuid::nil().to_string(), ..partners.request(partners.ask()) };
    let refused = desk.referrals().submit_referral(request).await.unwrap_err();
    assert_eq!((refused.code(), violations(&refused)), (Code::InvalidArgument, vec!["request_id".to_string()]));
    // And nobody acts for it.
    for organisation in [nil("organisations"), nil("units")] {
        let nobody = partners.world.session(&Identity::new("nobody", "desk").of(&organisation))?;
        let refused = nobody.referrals().list_referrals(ListReferralsRequest::default()).await.unwrap_err();
        assert_eq!(refused.code(), Code::Unauthenticated, "{organisation}");
    }
    partners.world.end().await
}

#[tokio::test]
async fn an_empty_organisation_is_no_organisation() -> Result<()> {
    let partners = Partners::meet().await?;
    let claims =
        Issuer::claims(&Identity::new("desk", "desk"), relais_platform::clock::machine_now().timestamp() + 600);
    for organisation in [json!(""), json!(" "), json!("organisations/"), json!({})] {
        let mut claims = claims.clone();
        claims["organisation"] = organisation.clone();
        let session = partners.world.session_with(&partners.world.issuer().sign(&claims)?)?;
        let refused = session.referrals().list_referrals(ListReferralsRequest::default()).await.unwrap_err();
        assert_eq!(refused.code(), Code::Unauthenticated, "{organisation}");
    }
    let none = partners.world.session(&Identity::new("desk", "desk"))?;
    let refused = none.referrals().list_referrals(ListReferralsRequest::default()).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    partners.world.end().await
}

/// What is entered belongs to the token's organisation: a request that names another is refused, and one that would speak for
/// another enters nothing there.
#[tokio::test]
async fn the_organisation_of_a_request_is_the_tokens() -> Result<()> {
    let partners = Partners::meet().await?;
    let admin = partners.world.session(&Identity::new("admin", "admin").of(&partners.mdm))?;
    let unit = |parent: &str| CreateUnitRequest {
        parent: parent.into(),
        unit: Some(Unit { display_name: "Desk".into(), kind: Kind::Desk.into(), ..Unit::default() }),
        request_id: request_id(),
    };
    admin.network().create_unit(unit(&partners.mdm)).await?;
    let refused = admin.network().create_unit(unit(&partners.provider)).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    // A prescriber and a patient of another organisation, under a convention that would admit both.
    let theirs = partnership::practitioner(&partners.operator, &partners.provider).await?;
    let ask = Referral { prescriber: theirs, ..partners.ask() };
    let refused = partners.desk.referrals().submit_referral(partners.request(ask)).await.unwrap_err();
    assert_eq!(violations(&refused), ["referral.prescriber"]);
    let theirs = partnership::patient(&partners.lab).await?;
    let ask = Referral { patient: theirs, ..partners.ask() };
    let refused = partners.desk.referrals().submit_referral(partners.request(ask)).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    // The provider in the name of the referrer: the referral is the token's, and the convention does not let it send.
    let patient = partnership::patient(&partners.lab).await?;
    let ask = Referral { patient, ..partners.ask() };
    let refused = partners.lab.referrals().submit_referral(partners.request(ask)).await.unwrap_err();
    assert_eq!(relais_tests::rules(&refused), ["referrer-not-party"]);
    partners.world.end().await
}
