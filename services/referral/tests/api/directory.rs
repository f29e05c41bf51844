//! The directory: organisations, units, sites, practitioners.

use anyhow::Result;
use relais_proto::network::v1::{
    CreateOrganisationRequest, CreatePractitionerRequest, CreateSiteRequest, CreateUnitRequest, GetOrganisationRequest,
    GetPractitionerRequest, GetSiteRequest, GetUnitRequest, Identifier, ListOrganisationsRequest,
    ListPractitionersRequest, ListSitesRequest, ListUnitsRequest, Organisation, Practitioner, Site, Unit, unit,
};
use relais_referral::Referral as Service;
use relais_tests::{Identity, World, partnership, request_id, violations};
use tonic::Code;

fn siret(value: &str) -> Identifier {
    Identifier { system: "urn:oid:1.2.250.1.24.3.2".into(), value: value.into() }
}

fn organisation(name: &str, identifiers: Vec<Identifier>) -> CreateOrganisationRequest {
    let (display_name, country_code) = (name.into(), "FR".into());
    let organisation = Organisation { display_name, country_code, identifiers, ..Organisation::default() };
    CreateOrganisationRequest { organisation: Some(organisation), request_id: request_id() }
}

#[tokio::test]
async fn what_is_entered_is_read_back_and_listed() -> Result<()> {
    let world = World::<Service>::start().await?;
    let operator = world.session(&Identity::new("operator", "operator"))?;
    let mut network = operator.network();
    let request = organisation("Croix-Rouge", vec![siret("73282932000074")]);
    let entered = network.create_organisation(request).await?.into_inner().organisation.unwrap();
    let name = entered.name.clone();
    let got = network.get_organisation(GetOrganisationRequest { name: name.clone() }).await?.into_inner();
    assert_eq!(got.organisation.as_ref(), Some(&entered));
    let list = network.list_organisations(ListOrganisationsRequest::default()).await?.into_inner();
    assert_eq!(list.organisations, [entered]);

    let unit = partnership::care_centre(&operator, &name).await?;
    let got = network.get_unit(GetUnitRequest { name: unit.clone() }).await?.into_inner().unit.unwrap();
    assert_eq!(got.kind(), unit::Kind::CareCentre);
    let list = network.list_units(ListUnitsRequest { parent: name.clone(), ..Default::default() }).await?.into_inner();
    assert_eq!(list.units, [got]);

    let site = partnership::site(&operator, &name, "Besançon").await?;
    let got = network.get_site(GetSiteRequest { name: site }).await?.into_inner().site.unwrap();
    let list = network.list_sites(ListSitesRequest { parent: name.clone(), ..Default::default() }).await?.into_inner();
    assert_eq!(list.sites, [got]);

    let doctor = partnership::practitioner(&operator, &name).await?;
    let got = network.get_practitioner(GetPractitionerRequest { name: doctor }).await?.into_inner().practitioner;
    let request = ListPractitionersRequest { parent: name, ..Default::default() };
    let list = network.list_practitioners(request).await?.into_inner();
    assert_eq!(list.practitioners, [got.unwrap()]);
    world.end().await
}

#[tokio::test]
async fn an_identifier_names_one_organisation() -> Result<()> {
    let world = World::<Service>::start().await?;
    let mut network = world.session(&Identity::new("operator", "operator"))?.network();
    network.create_organisation(organisation("One", vec![siret("73282932000074")])).await?;
    let taken = network.create_organisation(organisation("Two", vec![siret("73282932000074")])).await.unwrap_err();
    assert_eq!(taken.code(), Code::AlreadyExists);
    let wrong = network.create_organisation(organisation("Three", vec![siret("73282932000075")])).await.unwrap_err();
    assert_eq!(violations(&wrong), ["organisation.identifiers.value"]);
    world.end().await
}

#[tokio::test]
async fn an_administrator_enters_what_is_of_the_own_organisation() -> Result<()> {
    let world = World::<Service>::start().await?;
    let operator = world.session(&Identity::new("operator", "operator"))?;
    let (own, other) =
        (partnership::organisation(&operator, "Own").await?, partnership::organisation(&operator, "Other").await?);
    let admin = world.session(&Identity::new("admin", "admin").of(&own))?;
    partnership::site(&admin, &own, "Here").await?;
    assert!(partnership::site(&admin, &other, "There").await.is_err());
    let refused = admin.network().create_organisation(organisation("New", vec![])).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    world.end().await
}

#[tokio::test]
async fn bad_input_is_told_by_field() -> Result<()> {
    let world = World::<Service>::start().await?;
    let operator = world.session(&Identity::new("operator", "operator"))?;
    let mut network = operator.network();
    let parent = partnership::organisation(&operator, "Here").await?;
    let empty = network.create_organisation(CreateOrganisationRequest::default()).await.unwrap_err();
    let fields =
        ["organisation", "organisation.country_code", "organisation.display_name", "organisation.display_name"];
    assert!(violations(&empty).iter().all(|field| fields.contains(&field.as_str()) || field == "request_id"));

    let unit = Some(Unit { display_name: "x".repeat(201), ..Unit::default() });
    let request = CreateUnitRequest { parent: parent.clone(), unit, request_id: request_id() };
    let refused = network.create_unit(request).await.unwrap_err();
    assert_eq!(violations(&refused), ["unit.display_name", "unit.kind"]);

    let site = Some(Site { display_name: "s".into(), time_zone: "Europe/Atlantis".into(), ..Site::default() });
    let request = CreateSiteRequest { parent: parent.clone(), site, request_id: request_id() };
    assert_eq!(violations(&network.create_site(request).await.unwrap_err()), ["site.time_zone"]);

    let registration = Some(Identifier { system: "https://rpps.esante.gouv.fr".into(), value: "10000000008".into() });
    let practitioner = Some(Practitioner { display_name: "Dr".into(), registration, ..Practitioner::default() });
    let request = CreatePractitionerRequest { parent, practitioner, request_id: request_id() };
    let refused = network.create_practitioner(request).await.unwrap_err();
    assert_eq!(violations(&refused), ["practitioner.registration.value"]);

    let nowhere = format!("organisations/{}", uuid::Uuid::now_v7());
    let site = Some(Site { display_name: "s".into(), time_zone: "Europe/Paris".into(), ..Site::default() });
    let request = CreateSiteRequest { parent: nowhere, site, request_id: request_id() };
    assert_eq!(network.create_site(request).await.unwrap_err().code(), Code::NotFound);
    world.end().await
}
