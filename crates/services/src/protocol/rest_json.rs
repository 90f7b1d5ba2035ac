//! The REST protocol: a JSON body, and members in path, query and headers.

use serde::{
    Deserializer,
    de::{
        DeserializeOwned, DeserializeSeed, MapAccess, SeqAccess, Visitor,
        value::MapAccessDeserializer,
    },
    forward_to_deserialize_any,
};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::{
    Head, Message, Written, not_json,
    text::{Text, leaves},
    unreadable::Unreadable,
    wrong_type,
};
use crate::{
    refusal::Refusal,
    shape::{Emit, OnTheWire},
};

/// Where the REST protocol puts an operation and its members. Members that are
/// not named here are in the JSON bodies.
#[derive(Clone, Copy, Debug)]
pub struct Http {
    /// `POST`
    pub method: &'static str,
    /// `/2015-03-31/functions/{FunctionName}/invocations`: a member in braces
    /// is one segment of the path, percent-decoded.
    pub path: &'static str,
    /// Members in the query, by the name of the parameter.
    pub query: &'static [Member],
    /// Members in headers, by the name of the header in lower case.
    pub headers: &'static [Member],
    /// The member that is the whole body of the request, a blob.
    pub payload: Option<&'static str>,
    /// The largest body, where it may be larger than other operations'.
    pub body_bytes: Option<usize>,
    /// The status of a success.
    pub status: u16,
    /// Members of the answer that are headers.
    pub answer_headers: &'static [Member],
    /// The member of the answer that is its status instead of `status`.
    pub answer_status: Option<&'static str>,
    /// The member of the answer that is its whole body, a blob.
    pub answer_payload: Option<&'static str>,
}

/// A member that is not in the body.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    /// The name of the parameter or header.
    pub at: &'static str,
    /// The name of the member.
    pub member: &'static str,
}

impl Http {
    /// A request and an answer whose members are all in their JSON bodies,
    /// but for those in the path.
    #[must_use]
    pub const fn new(method: &'static str, path: &'static str, status: u16) -> Self {
        Self {
            method,
            path,
            query: &[],
            headers: &[],
            payload: None,
            body_bytes: None,
            status,
            answer_headers: &[],
            answer_status: None,
            answer_payload: None,
        }
    }

    /// The members that a path holds, still percent-encoded, if it is this
    /// operation's.
    #[must_use]
    pub fn matches<'p>(&self, path: &'p str) -> Option<Vec<(&'static str, &'p str)>> {
        let mut members = Vec::new();
        let mut sent = path.split('/');
        for wanted in self.path.split('/') {
            let segment = sent.next()?;
            let member = wanted
                .strip_prefix('{')
                .and_then(|rest| rest.strip_suffix('}'));
            match member {
                Some(member) if !segment.is_empty() => members.push((member, segment)),
                None if wanted == segment => {}
                _ => return None,
            }
        }
        sent.next().is_none().then_some(members)
    }
}

pub(super) fn read<T: DeserializeOwned>(
    http: Option<&Http>,
    message: Message<'_>,
) -> Result<T, Refusal> {
    let members = members(http, message)?;
    T::deserialize(MapAccessDeserializer::new(members)).map_err(|_| wrong_type())
}

/// The members of a request, from all its parts.
fn members<'m>(http: Option<&Http>, message: Message<'m>) -> Result<Members<'m>, Refusal> {
    let mut json = Map::new();
    if let Some(payload) = http.and_then(|http| http.payload) {
        if !message.body.is_empty() {
            let blob = crate::shape::Blob(message.body.to_vec());
            json.insert(payload.to_owned(), Value::from(blob.to_base64().as_str()));
        }
    } else if !message.body.is_empty() {
        match serde_json::from_slice(message.body).map_err(|_| not_json())? {
            Value::Object(members) => json = members,
            _ => return Err(wrong_type()),
        }
    }
    // A member has one place.
    json.retain(|name, _| !message.bound.iter().any(|(bound, _)| bound == name));
    let mut bound: Vec<(&'static str, Vec<&str>)> = Vec::new();
    for (name, text) in message.bound {
        match bound.iter_mut().find(|(known, _)| known == name) {
            Some((_, texts)) => texts.push(text),
            None => bound.push((name, vec![text])),
        }
    }
    Ok(Members {
        bound: bound.into_iter(),
        json: json.into_iter(),
        value: None,
    })
}

pub(super) fn write<T: Emit>(http: Option<&Http>, output: &T) -> Result<Written, Refusal> {
    let body = OnTheWire(output).to_json().map_err(Refusal::unavailable)?;
    placed(http, body)
}

/// An answer with each of its members where the REST protocol puts it.
fn placed(http: Option<&Http>, body: Zeroizing<Vec<u8>>) -> Result<Written, Refusal> {
    let mut head = Head::default();
    let Some(http) = http else {
        return Ok((head, body));
    };
    head.status = http.status;
    let is_plain = http.answer_headers.is_empty()
        && http.answer_status.is_none()
        && http.answer_payload.is_none();
    if is_plain {
        // What has no content has no braces either.
        let body = if http.status == 204 {
            Zeroizing::default()
        } else {
            body
        };
        return Ok((head, body));
    }
    let mut members: Map<String, Value> =
        serde_json::from_slice(&body).map_err(Refusal::unavailable)?;
    for Member { at, member } in http.answer_headers {
        match members.remove(*member) {
            Some(Value::String(text)) => head.headers.push((at, text)),
            Some(other) => head.headers.push((at, other.to_string())),
            None => {}
        }
    }
    if let Some(status) = http.answer_status.and_then(|name| members.remove(name)) {
        let status = status.as_u64().and_then(|status| status.try_into().ok());
        head.status = status.unwrap_or(http.status);
    }
    let body = match http.answer_payload {
        Some(name) => {
            let blob = members.remove(name).unwrap_or_else(|| Value::from(""));
            let blob: crate::shape::Blob =
                serde_json::from_value(blob).map_err(Refusal::unavailable)?;
            blob.0
        }
        None => serde_json::to_vec(&members).map_err(Refusal::unavailable)?,
    };
    Ok((head, Zeroizing::new(body)))
}

/// As in AWS JSON, but who may not come in gets 403.
pub(super) fn adapt(refusal: Refusal) -> Refusal {
    let status = match refusal.code {
        _ if refusal.modelled => refusal.status,
        "AccessDeniedException"
        | "ExpiredTokenException"
        | "IncompleteSignatureException"
        | "InvalidSignatureException"
        | "MissingAuthenticationTokenException"
        | "UnrecognizedClientException" => 403,
        "UnknownOperationException" => 404,
        "ThrottlingException" => 429,
        _ => refusal.status,
    };
    Refusal { status, ..refusal }
}

/// The members of a request: first those outside the body, then the body's.
struct Members<'m> {
    bound: std::vec::IntoIter<(&'static str, Vec<&'m str>)>,
    json: serde_json::map::IntoIter,
    value: Option<Part<'m>>,
}

enum Part<'m> {
    Json(Value),
    Texts(Vec<&'m str>),
}

impl<'de> MapAccess<'de> for Members<'_> {
    type Error = Unreadable;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Unreadable> {
        if let Some((name, texts)) = self.bound.next() {
            self.value = Some(Part::Texts(texts));
            return seed.deserialize(Text(name)).map(Some);
        }
        let Some((name, value)) = self.json.next() else {
            return Ok(None);
        };
        self.value = Some(Part::Json(value));
        seed.deserialize(Text(&name)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, Unreadable> {
        match self.value.take().ok_or(Unreadable)? {
            Part::Json(value) => seed.deserialize(value).map_err(|_| Unreadable),
            Part::Texts(texts) => seed.deserialize(Texts(texts)),
        }
    }
}

/// The values of one parameter: one of them, or as a list all.
struct Texts<'m>(Vec<&'m str>);

impl<'m> Texts<'m> {
    fn leaf(&self) -> Result<Text<'m>, Unreadable> {
        self.0.first().map(|text| Text(text)).ok_or(Unreadable)
    }
}

impl<'de> Deserializer<'de> for Texts<'_> {
    type Error = Unreadable;

    leaves!();

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        self.leaf()?.deserialize_any(visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_seq(Items(self.0.into_iter()))
    }

    forward_to_deserialize_any! {
        i8 i16 i128 u8 u16 u128 f32 char bytes byte_buf unit unit_struct tuple tuple_struct
        map struct ignored_any
    }
}

struct Items<'m>(std::vec::IntoIter<&'m str>);

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Unreadable;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Unreadable> {
        let text = self.0.next();
        text.map(|text| seed.deserialize(Text(text))).transpose()
    }
}
