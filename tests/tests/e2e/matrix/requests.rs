//! Requests made out of the descriptors: whatever RPC there is, its fields are filled by what the contract says of them.

use std::collections::HashMap;

use anyhow::{Context, Result};
use prost_reflect::{
    Cardinality, DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor,
    ReflectMessage, Value,
};
use relais_platform::clock::machine_now;
use relais_tests::request_id;

/// Resource names by type, such as `relais.health/Patient`.
pub type Names = HashMap<String, String>;

/// The contract, for programs.
pub struct Contract {
    pool: DescriptorPool,
}

/// Words that have a form of their own.
const WORDS: &[(&str, &str)] = &[
    ("country_code", "LU"),
    ("time_zone", "Europe/Luxembourg"),
    ("Identifier.system", "urn:relais:lu:college-medical"),
    ("system", relais_tests::partnership::LOINC),
    ("code", relais_tests::partnership::PANEL),
    ("codes", relais_tests::partnership::PANEL),
    ("etag", "1"),
    ("from_time", "08:00"),
    ("until_time", "12:00"),
    ("line_id", "analyses"),
    ("Expense.line_id", "money"),
    ("Expense.currency", "EUR"),
    ("StaffTime.line_id", "staff"),
    ("aggregate_kind", "relais.referral.referral"),
];

/// What may be left out, and is given here: a request without it would be refused for that alone.
const WISHED: &[(&str, &str)] = &[
    ("ListAccessesRequest", "referral"),
    ("SearchPatientsRequest", "query"),
    ("Convention", "name"),
    ("Patient", "name"),
    ("Patient", "identity"),
    ("Member", "name"),
    ("Site", "name"),
    ("PatientIdentity", "family_name"),
    ("PatientIdentity", "given_names"),
    ("ReportContent", "conclusion"),
    ("ReviseReportRequest", "content"),
];

impl Contract {
    pub fn read() -> Result<Self> {
        Ok(Self { pool: DescriptorPool::decode(relais_proto::FILE_DESCRIPTOR_SET)? })
    }

    /// An RPC by its path.
    pub fn method(&self, path: &str) -> Result<MethodDescriptor> {
        let (service, method) = path.trim_start_matches('/').split_once('/').context("no path")?;
        let service = self.pool.get_service_by_name(service).with_context(|| format!("no service {service}"))?;
        service.methods().find(|found| found.name() == method).with_context(|| format!("no RPC {path}"))
    }

    /// The types of resources that a request names, each once.
    pub fn references(&self, method: &MethodDescriptor) -> Vec<String> {
        let mut found = Vec::new();
        self.collect(&method.input(), &mut found);
        found.sort();
        found.dedup();
        found
    }

    fn collect(&self, message: &MessageDescriptor, found: &mut Vec<String>) {
        for field in message.fields().filter(|field| self.is_asked(field)) {
            found.extend(self.reference(&field));
            if let Kind::Message(inner) = field.kind() {
                self.collect(&inner, found);
            }
        }
    }

    /// A request that names these resources.
    pub fn request(&self, method: &MethodDescriptor, names: &Names) -> DynamicMessage {
        self.message(&method.input(), names)
    }

    fn message(&self, message: &MessageDescriptor, names: &Names) -> DynamicMessage {
        let mut filled = DynamicMessage::new(message.clone());
        match message.full_name() {
            "google.protobuf.Timestamp" => filled.set_field_by_name("seconds", Value::I64(machine_now().timestamp())),
            "google.type.Date" => {
                use chrono::Datelike;
                let today = machine_now().date_naive();
                filled.set_field_by_name("year", Value::I32(today.year()));
                filled.set_field_by_name("month", Value::I32(today.month().cast_signed()));
                filled.set_field_by_name("day", Value::I32(today.day().cast_signed()));
            }
            _ => {
                for field in message.fields().filter(|field| self.is_asked(field)) {
                    let many = field.cardinality() == Cardinality::Repeated;
                    if many {
                        filled.set_field(&field, Value::List(self.items(&field, names)));
                    } else if let Some(value) = self.value(&field, names) {
                        filled.set_field(&field, value);
                    }
                }
            }
        }
        filled
    }

    /// What a list holds: one item, or one for each value of its enum, such as a party for each role.
    fn items(&self, field: &FieldDescriptor, names: &Names) -> Vec<Value> {
        let Some(Value::Message(one)) = self.value(field, names) else {
            return self.value(field, names).into_iter().collect();
        };
        let choice = one.descriptor().fields().find_map(|inner| match inner.kind() {
            Kind::Enum(kind) if inner.name() == "role" => Some((inner, kind)),
            _ => None,
        });
        let Some((choice, kind)) = choice else { return vec![Value::Message(one)] };
        let numbers = kind.values().map(|value| value.number()).filter(|number| *number != 0);
        let with = |number| {
            let mut item = one.clone();
            item.set_field(&choice, Value::EnumNumber(number));
            Value::Message(item)
        };
        numbers.map(with).collect()
    }

    fn value(&self, field: &FieldDescriptor, names: &Names) -> Option<Value> {
        match field.kind() {
            Kind::Message(inner) => {
                let mut filled = self.message(&inner, names);
                if field.name() == "expire_time" {
                    let tomorrow = machine_now() + chrono::TimeDelta::days(1);
                    filled.set_field_by_name("seconds", Value::I64(tomorrow.timestamp()));
                }
                if field.name() == "end_date" && field.parent_message().name() != "Closure" {
                    // After whatever begins today; a closure is at most a year long.
                    filled.set_field_by_name("year", Value::I32(2199));
                }
                Some(Value::Message(filled))
            }
            Kind::Enum(kind) => {
                kind.values().map(|value| value.number()).find(|number| *number != 0).map(Value::EnumNumber)
            }
            Kind::String => Some(Value::String(match self.reference(field) {
                // A second one of a kind is named by its field, such as `relais.health/Patient#merged`.
                Some(kind) => {
                    let second = names.get(&format!("{kind}#{}", field.name()));
                    second.or_else(|| names.get(&kind)).cloned().unwrap_or_default()
                }
                // What is used once.
                None if ["request_id", "accession_number"].contains(&field.name()) => request_id(),
                None => word(field).into(),
            })),
            Kind::Int32 if field.name() == "line" => Some(Value::I32(1)),
            // Within whatever bounds a number has.
            Kind::Int32 => Some(Value::I32(5)),
            Kind::Int64 if ["version", "amount", "planned_minutes"].contains(&field.name()) => Some(Value::I64(1)),
            _ => None,
        }
    }

    /// The type of resource that a field names: another, or the one that it identifies.
    fn reference(&self, field: &FieldDescriptor) -> Option<String> {
        let parent = field.parent_message();
        if field.name() == "name"
            && let Some(extension) = self.pool.get_extension_by_name("google.api.resource")
            && parent.options().has_extension(&extension)
        {
            let resource = parent.options();
            let kind =
                resource.get_extension(&extension).as_message()?.get_field_by_name("type")?.as_str()?.to_string();
            return Some(kind);
        }
        let extension = self.pool.get_extension_by_name("google.api.resource_reference")?;
        let options = field.options();
        if !options.has_extension(&extension) {
            return None;
        }
        let reference = options.get_extension(&extension);
        Some(reference.as_message()?.get_field_by_name("type")?.as_str()?.to_string())
    }

    /// Whether a caller must give it: what is required, or what nothing is said of.
    fn is_asked(&self, field: &FieldDescriptor) -> bool {
        const REQUIRED: i32 = 2;
        if WISHED.contains(&(field.parent_message().name(), field.name())) {
            return true;
        }
        let Some(extension) = self.pool.get_extension_by_name("google.api.field_behavior") else {
            return true;
        };
        let options = field.options();
        if !options.has_extension(&extension) {
            return self.reference(field).is_some() || field.parent_message().name().ends_with("Party");
        }
        let behaviour = options.get_extension(&extension);
        behaviour.as_list().is_some_and(|list| list.iter().any(|value| value.as_enum_number() == Some(REQUIRED)))
    }
}

/// A word for a field: its message's own, or one for all fields of that name.
fn word(field: &FieldDescriptor) -> &'static str {
    let own = format!("{}.{}", field.parent_message().name(), field.name());
    let find = |name: &str| WORDS.iter().find(|(known, _)| *known == name).map(|(_, word)| *word);
    find(&own).or_else(|| find(field.name())).unwrap_or("matrix")
}

/// The body of a request.
pub fn body(request: &DynamicMessage) -> Vec<u8> {
    use prost::Message as _;
    request.encode_to_vec()
}
