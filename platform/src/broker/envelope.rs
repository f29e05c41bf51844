//! CloudEvents 1.0 in binary mode, carried over to AMQP 0-9-1: attributes as message properties and headers.
//!
//! The AMQP binding of CloudEvents is written for AMQP 1.0; on 0-9-1 its attributes go into headers under
//! `cloudEvents_`. Identifier, type and time stand in the message's own properties too, where brokers' tools look.

use chrono::{DateTime, SecondsFormat, Utc};
use lapin::{
    BasicProperties,
    message::Delivery,
    types::{AMQPValue, FieldTable},
};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::events::aggregate_kind;

const PERSISTENT: u8 = 2;
const CONTENT_TYPE: &str = "application/protobuf";
/// Headers of the trace, as W3C names them.
const TRACE: [&str; 3] = ["traceparent", "tracestate", "baggage"];
/// A longer header of a trace is dropped: W3C Baggage asks for no more than this many bytes.
const MAX_TRACE: usize = 8_192;
/// As long as a routing key can be.
const MAX_TYPE: usize = 255;
/// The largest body of an event, in bytes. Brokers take more; an event of identifiers and codes has no need of it.
pub const MAX_BODY: usize = 262_144;

/// An event on its way: what outbox, broker, retry and parked rows hold alike.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope {
    /// The message's id, one per effect, however often it is sent.
    pub id: Uuid,
    /// The event's type, also the routing key.
    pub type_name: String,
    /// The aggregate it tells of; also the envelope's subject.
    pub aggregate_id: Uuid,
    /// The aggregate's version after the change.
    pub version: i64,
    /// When it happened, by the injected clock.
    pub time: DateTime<Utc>,
    /// The body in protobuf.
    pub payload: Vec<u8>,
    /// The trace it belongs to, see [`crate::telemetry::propagation`].
    pub trace: Value,
}

impl Envelope {
    /// The kind of its aggregate.
    pub fn aggregate_kind(&self) -> &str {
        aggregate_kind(&self.type_name)
    }

    /// Where it comes from, as a URI reference: `/relais/referral`.
    fn source(&self) -> String {
        format!("/relais/{}", self.type_name.split('.').nth(1).unwrap_or_default())
    }

    /// The AMQP properties, with the trace of the span that sends it.
    pub fn properties(&self, trace: &Value) -> BasicProperties {
        let mut headers = FieldTable::default();
        let mut put = |key: &str, value: String| {
            headers.insert(key.into(), AMQPValue::LongString(value.into()));
        };
        put("cloudEvents_specversion", "1.0".into());
        put("cloudEvents_id", self.id.to_string());
        put("cloudEvents_source", self.source());
        put("cloudEvents_type", self.type_name.clone());
        put("cloudEvents_subject", self.aggregate_id.to_string());
        put("cloudEvents_time", self.time.to_rfc3339_opts(SecondsFormat::Micros, true));
        put("cloudEvents_sequence", self.version.to_string());
        for key in TRACE {
            if let Some(value) = trace.get(key).and_then(Value::as_str) {
                put(key, value.into());
            }
        }
        BasicProperties::default()
            .with_message_id(self.id.to_string().into())
            .with_type(self.type_name.clone().into())
            .with_content_type(CONTENT_TYPE.into())
            // The property counts whole seconds since 1970.
            .with_timestamp(self.time.timestamp().max(0).cast_unsigned())
            .with_delivery_mode(PERSISTENT)
            .with_headers(headers)
    }

    /// Reads a delivery.
    ///
    /// # Errors
    /// What is missing or cannot be read, in a sentence without the message's content.
    pub fn read(delivery: &Delivery) -> Result<Self, String> {
        let headers = delivery.properties.headers().as_ref();
        let text = |key: &str| headers.and_then(|headers| text(headers, key));
        let header = |key: &str| text(key).ok_or_else(|| format!("the header {key} is missing"));
        let broken = |key: &str| format!("the header {key} cannot be read");
        let id = Uuid::try_parse(&header("cloudEvents_id")?).map_err(|_| broken("cloudEvents_id"))?;
        let version: i64 = header("cloudEvents_sequence")?.parse().map_err(|_| broken("cloudEvents_sequence"))?;
        if version < 1 {
            return Err(broken("cloudEvents_sequence"));
        }
        let time = DateTime::parse_from_rfc3339(&header("cloudEvents_time")?);
        let subject = Uuid::try_parse(&header("cloudEvents_subject")?);
        let type_name = header("cloudEvents_type")?;
        if type_name.len() > MAX_TYPE || !type_name.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(broken("cloudEvents_type"));
        }
        // PostgreSQL holds no NUL in JSON; W3C allows printable characters alone.
        let sound = |value: &String| value.len() <= MAX_TRACE && !value.bytes().any(|byte| byte.is_ascii_control());
        let traced = |key: &&str| text(key).filter(sound);
        let carrier = TRACE.iter().filter_map(|key| Some(((*key).to_string(), traced(key)?.into())));
        if delivery.properties.message_id().as_ref().is_some_and(|named| named.as_str() != id.to_string()) {
            return Err("message_id and cloudEvents_id differ".into());
        }
        Ok(Self {
            id,
            type_name,
            aggregate_id: subject.map_err(|_| broken("cloudEvents_subject"))?,
            version,
            time: time.map_err(|_| broken("cloudEvents_time"))?.with_timezone(&Utc),
            payload: delivery.data.clone(),
            trace: Value::Object(carrier.collect::<Map<_, _>>()),
        })
    }
}

fn text(headers: &FieldTable, key: &str) -> Option<String> {
    match headers.inner().get(key)? {
        AMQPValue::LongString(value) => std::str::from_utf8(value.as_bytes()).ok().map(Into::into),
        AMQPValue::ShortString(value) => Some(value.as_str().into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope() -> Envelope {
        Envelope {
            id: Uuid::now_v7(),
            type_name: "relais.referral.referral.submitted.v1".into(),
            aggregate_id: Uuid::now_v7(),
            version: 3,
            time: DateTime::from_timestamp_micros(1_700_000_000_123_456).unwrap(),
            payload: vec![1, 2, 3],
            trace: serde_json::json!({"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}),
        }
    }

    fn delivery(properties: BasicProperties) -> Delivery {
        let mut delivery = Delivery::mock(1, "e".into(), "k".into(), false, vec![1, 2, 3]);
        delivery.properties = properties;
        delivery
    }

    #[test]
    fn an_envelope_is_read_back() {
        let sent = envelope();
        assert_eq!(Envelope::read(&delivery(sent.properties(&sent.trace))), Ok(sent));
    }

    #[test]
    fn what_is_missing_is_said() {
        let error = Envelope::read(&delivery(BasicProperties::default())).unwrap_err();
        assert_eq!(error, "the header cloudEvents_id is missing");
        let zero = Envelope { version: 0, ..envelope() };
        let error = Envelope::read(&delivery(zero.properties(&zero.trace))).unwrap_err();
        assert_eq!(error, "the header cloudEvents_sequence cannot be read");
    }
}
