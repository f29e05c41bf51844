//! What a token claims, and the caller that makes.

use chrono::{DateTime, TimeDelta};
use serde::Deserialize;
use serde_json::Value;

use super::service_key::{CALL, NOT_OF_MEMBERS, SESSION, VISIT, service_of};
use crate::{
    calls::{
        Caller, Role,
        caller::{Grant, Purpose},
    },
    ids::{Child, MemberId, OrganisationId, PartnerLinkId, PractitionerId, ReferralId, ResourceId, UnitId},
};

/// The longest subject, in bytes (OpenID Connect Core, section 2).
const LONGEST_SUBJECT: usize = 255;

/// The claims that are read. Two of the same name are refused.
#[derive(Clone, Deserialize)]
pub(super) struct Claims {
    pub iss: String,
    sub: String,
    aud: Audience,
    exp: i64,
    #[serde(default)]
    nbf: Option<i64>,
    #[serde(default)]
    iat: Option<i64>,
    #[serde(default)]
    organisation: Option<String>,
    #[serde(default)]
    unit: Option<String>,
    #[serde(default)]
    practitioner: Option<String>,
    #[serde(default)]
    roles: Vec<String>,
    // Of tokens that services sign.
    #[serde(default)]
    act: Option<Value>,
    #[serde(default)]
    sub_id: Option<Value>,
    #[serde(default)]
    member: Option<String>,
    #[serde(default)]
    referral: Option<String>,
    #[serde(default)]
    purpose: Option<String>,
    // Of tokens that are meant for a client, and not for us.
    #[serde(default)]
    typ: Option<String>,
    #[serde(default)]
    nonce: Option<Value>,
    #[serde(default)]
    at_hash: Option<Value>,
    #[serde(default)]
    c_hash: Option<Value>,
    #[serde(default)]
    s_hash: Option<Value>,
    #[serde(default)]
    events: Option<Value>,
}

#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Claims {
    /// Whether the token is meant for `audience`.
    pub fn is_for(&self, audience: &str) -> bool {
        match &self.aud {
            Audience::One(name) => name == audience,
            Audience::Many(names) => names.iter().any(|name| name == audience),
        }
    }

    /// Whether it is an ID token (OpenID Connect), a refresh or a logout token: they tell a client who signed in, and open
    /// nothing.
    pub fn is_no_access_token(&self) -> bool {
        let marks = [&self.nonce, &self.at_hash, &self.c_hash, &self.s_hash, &self.events];
        let typ = self.typ.as_deref().is_none_or(|typ| typ.eq_ignore_ascii_case("Bearer"));
        !typ || marks.iter().any(|mark| mark.is_some())
    }

    /// What is wrong with its times; `now` and `leeway` in seconds.
    pub fn wrong_time(&self, now: i64, leeway: i64) -> Option<&'static str> {
        let (early, late) = (now.saturating_sub(leeway), now.saturating_add(leeway));
        let iat = self.iat.unwrap_or(0);
        if early >= self.exp {
            return Some("the token has expired");
        }
        if self.nbf.is_some_and(|nbf| late < nbf) {
            return Some("the token is not valid yet");
        }
        (iat < 0 || late < iat || iat > self.exp.saturating_add(leeway))
            .then_some("the token was not issued at a time that can be")
    }

    /// The caller of an issuer's token. Whatever issuer it is, it makes nobody a service or a partner.
    pub fn of_issuer(self) -> Option<Caller> {
        let ours = [Role::Service, Role::Partner];
        let caller = self.caller()?;
        let roles = caller.roles.iter().copied().filter(|role| !ours.contains(role)).collect();
        Some(Caller { roles, ..caller })
    }

    /// The caller of a token that `service` has signed: itself, somebody for whom it acts, a member of an organisation, or the
    /// holder of a partner link.
    pub fn of_service(self, service: &str) -> Option<Caller> {
        (service_of(&self.iss) == Some(service)).then_some(())?;
        // One that lives longer is not of our making.
        let longest = match (&self.referral, &self.member) {
            (Some(_), _) => VISIT,
            (None, Some(_)) => SESSION,
            (None, None) => CALL,
        };
        self.iat.filter(|iat| TimeDelta::seconds(self.exp.saturating_sub(*iat)) <= longest)?;
        match (self.act.clone(), self.referral.clone(), self.member.clone()) {
            (None, None, None) => self.itself(),
            (Some(act), None, None) => self.on_behalf(service, &act),
            (None, Some(referral), None) if service == "referral" => self.partner(&referral),
            (None, None, Some(member)) if service == "referral" => self.session(&member),
            _ => None,
        }
    }

    fn itself(self) -> Option<Caller> {
        let bare = self.sub == self.iss && self.organisation.is_none() && self.sub_id.is_none();
        let caller = self.caller()?;
        (bare && caller.roles == [Role::Service]).then_some(caller)
    }

    /// RFC 8693: `act` names who acts, `sub` for whom; `sub_id` (RFC 9493) says who had issued that subject.
    fn on_behalf(self, service: &str, act: &Value) -> Option<Caller> {
        let named = act.get("sub")?.as_str().and_then(service_of) == Some(service);
        let issuer = self.issued_by()?;
        let caller = self.caller()?;
        let ours = [Role::Service, Role::Partner];
        (named && !caller.has_any(&ours)).then_some(())?;
        Some(Caller { issuer, actor: Some(service.to_string()), ..caller })
    }

    /// A member of an organisation: the person remains who the first issuer said.
    fn session(self, member: &str) -> Option<Caller> {
        let (issuer, member) = (self.issued_by()?, Child::<MemberId>::parse(member)?);
        let caller = self.caller()?;
        let sound = caller.organisation == Some(member.organisation) && !caller.has_any(&NOT_OF_MEMBERS);
        sound.then_some(Caller { issuer, ..caller })
    }

    /// Who had issued the subject, as `sub_id` says of this very subject.
    fn issued_by(&self) -> Option<String> {
        let whom = self.sub_id.as_ref()?;
        let text = |name: &str| whom.get(name).and_then(Value::as_str);
        let same = text("format") == Some("iss_sub") && text("sub") == Some(self.sub.as_str());
        text("iss").filter(|issuer| same && !issuer.is_empty()).map(str::to_string)
    }

    fn partner(self, referral: &str) -> Option<Caller> {
        let purpose = Purpose::parse(self.purpose.as_deref()?)?;
        let grant = Grant { link: PartnerLinkId::parse(&self.sub)?, referral: ReferralId::parse(referral)?, purpose };
        let caller = self.caller()?;
        let sound = caller.roles == [Role::Partner] && caller.organisation.is_some();
        sound.then_some(Caller { grant: Some(grant), ..caller })
    }

    fn caller(self) -> Option<Caller> {
        let subject = self.sub;
        let sound = (1..=LONGEST_SUBJECT).contains(&subject.len()) && !subject.chars().any(char::is_control);
        let organisation = match &self.organisation {
            Some(name) => Some(OrganisationId::parse(name)?),
            None => None,
        };
        let unit: Option<Child<UnitId>> = child(self.unit.as_deref(), organisation)?;
        let practitioner: Option<Child<PractitionerId>> = child(self.practitioner.as_deref(), organisation)?;
        // A role that this version does not know gives no right.
        let roles = self.roles.iter().filter_map(|role| Role::parse(role)).collect();
        let expires_at = DateTime::from_timestamp(self.exp, 0)?;
        let unit = unit.map(|unit| unit.id);
        let caller = Caller {
            issuer: self.iss,
            subject,
            organisation,
            unit,
            practitioner,
            roles,
            expires_at,
            ..Caller::default()
        };
        sound.then_some(caller)
    }
}

/// A name under the token's organisation, when there is one; none of another organisation.
fn child<T: ResourceId>(name: Option<&str>, organisation: Option<OrganisationId>) -> Option<Option<Child<T>>> {
    let Some(name) = name else { return Some(None) };
    let child = Child::<T>::parse(name)?;
    (Some(child.organisation) == organisation).then_some(Some(child))
}
