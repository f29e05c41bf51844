//! Reading: the parties, and who pays among them; to all others a statement is not there.

use anyhow::Result;
use relais_proto::convention::v1::{
    Deadlines, GetStatementRequest, ListStatementsRequest, RenderStatementRequest, RenderStatementResponse, Statement,
    Terms, render_statement_request::Format,
};
use relais_tests::{Identity, Session, partnership, violations};
use tonic::{Code, Status};
use uuid::Uuid;

use super::{Stage, close};

async fn get(by: &Session, name: &str) -> Result<Statement, Status> {
    let request = GetStatementRequest { name: name.into() };
    Ok(by.statements().get_statement(request).await?.into_inner().statement.unwrap_or_default())
}

async fn render(by: &Session, name: &str, (format, code): (Format, &str)) -> Result<RenderStatementResponse, Status> {
    let request = RenderStatementRequest { name: name.into(), format: format.into(), language_code: code.into() };
    Ok(by.statements().render_statement(request).await?.into_inner())
}

#[tokio::test]
async fn parties_and_who_pays_read_a_statement_and_to_others_it_is_absent() -> Result<()> {
    let stage = Stage::set().await?;
    let closed = stage.close((60, 31)).await?;
    let partners = &stage.partners;
    let network = partners.world.session(&Identity::new("head", "network"))?;
    for party in [&stage.funder, &partners.desk, &partners.lab, &partners.coordinator, &partners.operator, &network] {
        assert_eq!(get(party, &closed.name).await?, closed);
        assert!(!render(party, &closed.name, (Format::Csv, "fr")).await?.content.is_empty());
    }
    let absent = format!("statements/{}", Uuid::now_v7());
    for name in [&closed.name, &absent] {
        for refused in [
            get(&partners.stranger, name).await.unwrap_err(),
            render(&partners.stranger, name, (Format::Page, "fr")).await.unwrap_err(),
        ] {
            let told = (refused.code(), refused.message().to_string());
            assert_eq!(told, (Code::NotFound, format!("{name} was not found")));
        }
    }
    // Who pays reads; who watches over the convention closes.
    for party in [&stage.funder, &partners.desk, &partners.lab] {
        let refused = close(party, stage.request((30, 11))).await.unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied);
    }
    let elsewhere = partnership::organisation(&partners.operator, "Elsewhere").await?;
    let elsewhere = partners.world.session(&Identity::new("other", "coordinator").of(&elsewhere))?;
    assert_eq!(close(&elsewhere, stage.request((30, 11))).await.unwrap_err().code(), Code::NotFound);
    let seen = "SELECT count(*) FROM audit WHERE resource LIKE 'statements/%' AND outcome = 'served'";
    assert_eq!(partners.world.count(seen).await?, 12);
    stage.partners.world.end().await
}

#[tokio::test]
async fn statements_are_listed_the_most_recent_first() -> Result<()> {
    let stage = Stage::set().await?;
    for days in [(90, 61), (60, 31), (30, 11)] {
        stage.close(days).await?;
    }
    let list = async |by: &Session, page_token: String| {
        let request = ListStatementsRequest { convention: stage.convention.clone(), page_size: 2, page_token };
        by.statements().list_statements(request).await.map(tonic::Response::into_inner)
    };
    let first = list(&stage.funder, String::new()).await?;
    let rest = list(&stage.funder, first.next_page_token.clone()).await?;
    let numbers = |page: &[Statement]| page.iter().map(|statement| statement.number).collect::<Vec<_>>();
    assert_eq!((numbers(&first.statements), numbers(&rest.statements)), (vec![3, 2], vec![1]));
    assert_eq!(rest.next_page_token, "");
    assert_eq!(list(&stage.partners.stranger, String::new()).await.unwrap_err().code(), Code::NotFound);
    let refused = list(&stage.funder, "nonsense".into()).await.unwrap_err();
    assert_eq!(violations(&refused), ["page_token"]);
    stage.partners.world.end().await
}

#[tokio::test]
async fn a_statement_is_rendered_in_two_languages_as_rows_and_as_a_page() -> Result<()> {
    let stage = Stage::set().await?;
    let sent = stage.submit().await?;
    stage.give(&sent.name, (&stage.forges, 40, 1_234)).await?;
    let name = stage.close((60, 31)).await?.name;
    for (format, code, file, kind, word) in [
        (Format::Csv, "fr", "statement-1-fr.csv", "text/csv", "rubrique,code,libellé"),
        (Format::Csv, "en", "statement-1-en.csv", "text/csv", "section,code,label"),
        (Format::Page, "fr", "statement-1-fr.html", "text/html", "1\u{202f}234"),
        (Format::Page, "en", "statement-1-en.html", "text/html", "1,234"),
        // What the caller wishes for by a header, or English.
        (Format::Page, "", "statement-1-en.html", "text/html", "Statement no. 1"),
    ] {
        let rendered = render(&stage.funder, &name, (format, code)).await?;
        assert_eq!(rendered.file_name, file);
        assert!(rendered.content_type.starts_with(kind), "{}", rendered.content_type);
        assert!(String::from_utf8(rendered.content)?.contains(word), "{file}");
    }
    for (name, format, code, fields) in [
        (name.as_str(), Format::Unspecified, "fr", vec!["format"]),
        (name.as_str(), Format::Csv, "de", vec!["language_code"]),
        ("statements/1", Format::Unspecified, "FR", vec!["name", "format", "language_code"]),
    ] {
        let refused = render(&stage.funder, name, (format, code)).await.unwrap_err();
        assert_eq!(
            (refused.code(), violations(&refused)),
            (Code::InvalidArgument, fields.iter().map(ToString::to_string).collect())
        );
    }
    stage.partners.world.end().await
}

#[tokio::test]
async fn what_is_left_out_is_a_term_of_the_convention() -> Result<()> {
    let stage = Stage::set().await?;
    let partners = &stage.partners;
    let good = partnership::terms(&partners.mdm, &partners.provider, partners.today);
    for below in [-1, 1, 2, 1001] {
        let terms = Terms { suppress_below: below, deadlines: Some(Deadlines::default()), ..good.clone() };
        let refused = partnership::draft(&partners.coordinator, terms).await.unwrap_err();
        let refused = refused.downcast_ref::<Status>().map(violations);
        assert_eq!(refused, Some(vec!["convention.terms.suppress_below".to_string()]), "{below}");
    }
    let usual = partnership::draft(&partners.coordinator, good).await?;
    assert_eq!(usual.terms.unwrap_or_default().suppress_below, 5);
    assert_eq!(stage.close((60, 31)).await?.threshold, 3);
    stage.partners.world.end().await
}
