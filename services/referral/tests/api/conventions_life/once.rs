//! The same request again answers the same, whatever became of the convention since.

use anyhow::Result;
use relais_proto::convention::v1::{
    AmendConventionRequest, DiscardAmendmentRequest, ResumeConventionRequest, UpdateConventionRequest,
    convention::State,
};
use relais_tests::request_id;

use super::*;

/// Calls twice and says what came of it, which is the same both times. The future is made in a closure and lives in a box:
/// two dozen of them side by side do not fit on a test's stack.
macro_rules! twice {
    ($session:expr, $rpc:ident, $request:expr) => {{
        let call = || {
            let (mut client, request) = ($session.conventions(), $request.clone());
            Box::pin(async move { client.$rpc(request).await })
        };
        let first = call().await?.into_inner().convention.unwrap_or_default();
        let again = call().await?.into_inner().convention.unwrap_or_default();
        assert_eq!(first, again, stringify!($rpc));
        first
    }};
}

#[tokio::test]
async fn each_change_asked_for_twice_is_made_once_and_answered_alike_ever_after() -> Result<()> {
    let partners = Partners::meet().await?;
    let by = &partners.coordinator;
    let display_name = "Draft".to_string();
    let convention = Some(Convention { display_name, terms: Some(terms(&partners, 0, 100)), ..Convention::default() });
    let create = CreateConventionRequest { convention, request_id: request_id() };
    let created = twice!(by, create_convention, create);
    let edited = Convention { display_name: "Edited".into(), terms: Some(terms(&partners, 0, 200)), ..created.clone() };
    let update = UpdateConventionRequest { convention: Some(edited), update_mask: None, request_id: request_id() };
    let updated = twice!(by, update_convention, update);
    let name = created.name.clone();
    let signature = || SignConventionRequest {
        name: name.clone(),
        signature_date: told(&partners, 0),
        request_id: request_id(),
        ..Default::default()
    };
    let first = signature();
    let signed = twice!(by, sign_convention, first);
    let amending = || AmendConventionRequest {
        etag: String::new(),
        ..amendment(&signed, terms(&partners, 0, 300), told(&partners, 10))
    };
    let (entering, again) = (amending(), amending());
    let amended = twice!(by, amend_convention, entering);
    let discard = DiscardAmendmentRequest { name: name.clone(), request_id: request_id(), ..Default::default() };
    let discarded = twice!(by, discard_amendment, discard);
    let amended_again = twice!(by, amend_convention, again);
    let second = signature();
    let signed_again = twice!(by, sign_convention, second);
    let reason = Reason::Capacity.into();
    let suspend =
        SuspendConventionRequest { name: name.clone(), reason, request_id: request_id(), ..Default::default() };
    let suspended = twice!(by, suspend_convention, suspend);
    let resume = ResumeConventionRequest { name: name.clone(), request_id: request_id(), ..Default::default() };
    let resumed = twice!(by, resume_convention, resume);
    let last_day = told(&partners, 20);
    let end = TerminateConventionRequest { name, last_day, reason, request_id: request_id(), ..Default::default() };
    let ended = twice!(by, terminate_convention, end);
    assert_eq!((ended.state(), ended.etag.as_str()), (State::Terminated, "10"), "ten changes, each made once");

    // And once more, when all is over.
    assert_eq!(twice!(by, create_convention, create), created);
    assert_eq!(twice!(by, update_convention, update), updated);
    assert_eq!(twice!(by, sign_convention, first), signed);
    assert_eq!(twice!(by, amend_convention, entering), amended);
    assert_eq!(twice!(by, discard_amendment, discard), discarded);
    assert_eq!(twice!(by, amend_convention, again), amended_again);
    assert_eq!(twice!(by, sign_convention, second), signed_again);
    assert_eq!(twice!(by, suspend_convention, suspend), suspended);
    assert_eq!(twice!(by, resume_convention, resume), resumed);
    assert_eq!(get(by, &created.name).await?, ended);
    partners.world.end().await
}
