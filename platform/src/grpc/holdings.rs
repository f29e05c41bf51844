//! The holdings service: all that is held on a person; served by every service for itself.

use std::marker::PhantomData;

use relais_proto::{
    audit::v1::Access,
    holdings::v1::{
        ExportHoldingsRequest, ExportHoldingsResponse, Holding,
        export_holdings_response::{Answer as Told, End, Records},
        holding::Content,
        holdings_service_server::HoldingsService,
    },
};
use tokio::sync::mpsc::{self, Sender};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Status};

use super::{Answer, answer, audit::convert};
use crate::{
    Context, Service,
    calls::{Call, Check, Role, Rule, Rules, Sight},
    error::{Error, Result},
    holdings::{ExportAccesses, ExportHoldings, Held},
    ids::PatientId,
};

/// Its full name.
pub const NAME: &str = "relais.holdings.v1.HoldingsService";

/// Those who answer for an organisation. Whose patients they may ask about is the service's to say.
pub(super) const RULES: Rules = &[(
    "/relais.holdings.v1.HoldingsService/ExportHoldings",
    Rule::roles(&[Role::Admin, Role::Coordinator], Sight::Own),
)];

/// Answers on their way to a slow reader.
const BUFFER: usize = 64;
/// Accesses read at once.
const PAGE: i32 = 200;

type Export = ReceiverStream<Result<ExportHoldingsResponse, Status>>;

/// Serves `relais.holdings.v1` for a service.
pub(super) struct Exports<S> {
    context: Context,
    service: PhantomData<fn() -> S>,
}

impl<S> Exports<S> {
    pub(super) fn new(context: Context) -> Self {
        Self { context, service: PhantomData }
    }
}

#[tonic::async_trait]
impl<S: Service> HoldingsService for Exports<S> {
    type ExportHoldingsStream = Export;

    async fn export_holdings(&self, request: Request<ExportHoldingsRequest>) -> Answer<Export> {
        let (call, body) = self.context.open(request)?;
        let patient = patient(&body)?;
        let context = self.context.clone();
        let export = ExportHoldings::<S> { context: context.clone(), patient, service: PhantomData };
        // Read before the answer begins: what is not there, or not the caller's, is refused by a status.
        let held = context.read(call.clone(), export).await?;
        let (sender, receiver) = mpsc::channel(BUFFER);
        self.context.spawn(async move {
            let export = Sending { context, call, patient, sender, told: 0 };
            export.send_all(held).await;
        });
        answer(ReceiverStream::new(receiver))
    }
}

fn patient(request: &ExportHoldingsRequest) -> Result<PatientId> {
    let mut check = Check::default();
    let patient = check.name("patient", &request.patient);
    check.finish().map(|()| patient)
}

/// An export under way.
struct Sending {
    context: Context,
    call: Call,
    patient: PatientId,
    sender: Sender<Result<ExportHoldingsResponse, Status>>,
    told: i64,
}

/// Why an export ends before its end.
enum Broken {
    /// Nobody listens any more.
    Gone,
    /// It failed.
    Failed(Error),
}

impl From<Error> for Broken {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Sending {
    async fn send_all(mut self, held: Held) {
        if let Err(Broken::Failed(error)) = self.try_send_all(held).await {
            let _ = self.sender.send(Err(error.into())).await;
        }
    }

    async fn try_send_all(&mut self, held: Held) -> Result<(), Broken> {
        let patients = held.patients.iter().map(ToString::to_string).collect();
        self.send(Told::Records(Records { patients })).await?;
        for holding in held.holdings {
            self.send(Told::Holding(holding)).await?;
        }
        let mut page = self.context.pages.request(&self.call, "", PAGE, "")?;
        loop {
            let export = ExportAccesses { patient: self.patient, account: held.account.clone(), page };
            let found = self.context.read(self.call.clone(), export).await?;
            for row in found.rows {
                self.send(Told::Holding(holding(convert(row)?))).await?;
            }
            let Some(next) = found.next else { break };
            page.after = next;
        }
        self.send(Told::End(End { holding_count: self.told })).await
    }

    async fn send(&mut self, told: Told) -> Result<(), Broken> {
        self.told += i64::from(matches!(told, Told::Holding(_)));
        let answer = ExportHoldingsResponse { answer: Some(told) };
        self.sender.send(Ok(answer)).await.map_err(|_| Broken::Gone)
    }
}

fn holding(access: Access) -> Holding {
    Holding {
        name: access.resource.clone(),
        patient: access.patient.clone(),
        referral: access.referral.clone(),
        holder: String::new(),
        create_time: access.access_time,
        update_time: None,
        content: Some(Content::Access(access)),
    }
}
