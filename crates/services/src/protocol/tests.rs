use std::collections::BTreeMap;

use proptest::prelude::*;
use strongroom_types::Timestamp;

use super::*;
use crate::shape::{Blob, Input, Nothing, Output, enumeration};

const IAM: Query = Query {
    version: "2010-05-08",
    namespace: "https://iam.amazonaws.com/doc/2010-05-08/",
    hides_values: true,
    internal_error: "ServiceFailure",
};

enumeration! {
    /// Whether it may be used.
    enum Status { Active = "Active", Inactive = "Inactive" }
}

#[derive(Input, Output, Debug, Clone, PartialEq)]
struct Tag {
    key: String,
    value: String,
}

#[derive(Input)]
struct Request {
    #[shape(length(1, 8))]
    user_name: String,
    #[shape(range(1, 1000))]
    max_items: Option<i64>,
    status: Option<Status>,
    tags: Option<Vec<Tag>>,
    keys: Option<Vec<String>>,
    is_default: Option<bool>,
    document: Option<Blob>,
}

fn read(protocol: Query, form: &str) -> Result<Request, (&'static str, String)> {
    protocol
        .read(None, Message::from(form.as_bytes()))
        .map_err(|refusal| {
            let refusal = Protocol::from(protocol).adapt(refusal);
            (refusal.code, refusal.message.into_owned())
        })
}

fn form(text: &str) -> Result<Request, (&'static str, String)> {
    read(IAM, text)
}

#[test]
fn parameters_become_what_their_places_want() {
    let request = form(
        "Action=X&Version=1&UserName=7&MaxItems=10&Status=Inactive&IsDefault=TRUE&Document=AQID\
         &Tags.member.2.Key=b+c&Tags.member.2.Value=&Tags.member.1.Key=%C3%A9%2B\
         &Tags.member.1.Value=1&Keys.member.10=z&Keys.member.9=y&Unknown.member.1.X=1",
    );
    let request = request.unwrap();
    assert_eq!(request.user_name, "7");
    assert_eq!(request.max_items, Some(10));
    assert_eq!(request.status, Some(Status::Inactive));
    assert_eq!(request.is_default, Some(true));
    assert_eq!(request.document, Some(Blob(vec![1, 2, 3])));
    assert_eq!(request.keys.unwrap(), ["y", "z"]);
    let tag = |key: &str, value: &str| Tag {
        key: key.to_owned(),
        value: value.to_owned(),
    };
    assert_eq!(request.tags.unwrap(), [tag("é+", "1"), tag("b c", "")]);
}

#[test]
fn an_empty_list_is_a_list_and_of_two_values_the_first_counts() {
    let request = form("UserName=a&Tags=&UserName=b").unwrap();
    assert_eq!(request.tags, Some(Vec::new()));
    assert_eq!(request.keys, None);
    assert_eq!(request.user_name, "a");
}

#[test]
fn what_cannot_be_read_is_refused_without_being_quoted() {
    let wrong = (
        "MalformedInput",
        "The request has a value of the wrong type.".to_owned(),
    );
    for text in [
        "UserName=a&MaxItems=ten",
        "UserName=a&IsDefault=1",
        "UserName=a&Document=%21",
        "UserName=a&Tags=b",
        "UserName.a=b",
        "UserName=a&MaxItems=99999999999999999999",
        // Of lists, nothing is passed over.
        "UserName=a&Tags.1.Key=k&Tags.1.Value=v",
        "UserName=a&Tags.member=k",
        "UserName=a&Tags.member.1=k",
        "UserName=a&Tags.member.x.Key=k&Tags.member.x.Value=v",
        "UserName=a&Tags.member..Key=k&Tags.member..Value=v",
        "UserName=a&Tags.member.%2B1.Key=k&Tags.member.%2B1.Value=v",
        "UserName=a&Tags.member.-1.Key=k&Tags.member.-1.Value=v",
        "UserName=a&Keys.member.99999999999999999999=k",
        "UserName=a&Keys.member.1=k&Keys.2=l",
        "UserName=a&Keys=j&Keys.member.1=k",
    ] {
        assert_eq!(form(text).err(), Some(wrong.clone()), "{text}");
    }
    let deep = format!("UserName=a&{}=1", ["a"; 13].join("."));
    let many = format!("UserName=a{}", "&x=1".repeat(10_000));
    for text in ["UserName=%2", "UserName=%zz", "User%FFName=a", &deep, &many] {
        assert_eq!(
            form(text).err().unwrap().0,
            "MalformedQueryString",
            "{text:.40}"
        );
    }
}

#[test]
fn iam_tells_what_is_wrong_without_the_values_and_sts_with_them() {
    let wrong = "UserName=&MaxItems=0&Status=Off&Tags.member.3.Key=k";
    let rules = [
        (
            "''",
            "userName",
            "Member must have length greater than or equal to 1",
        ),
        (
            "'0'",
            "maxItems",
            "Member must have value greater than or equal to 1",
        ),
        (
            "'Off'",
            "status",
            "Member must satisfy enum value set: [Active, Inactive]",
        ),
        ("null", "tags.1.member.value", "Member must not be null"),
    ];
    let message = |shows: bool| {
        let told = rules.map(|(value, at, rule)| {
            let value = if shows || value == "null" {
                format!(" {value}")
            } else {
                String::new()
            };
            format!("Value{value} at '{at}' failed to satisfy constraint: {rule}")
        });
        format!("4 validation errors detected: {}", told.join("; "))
    };
    assert_eq!(form(wrong).err(), Some(("ValidationError", message(false))));
    let sts = Query {
        hides_values: false,
        ..IAM
    };
    assert_eq!(
        read(sts, wrong).err(),
        Some(("ValidationError", message(true)))
    );
}

#[derive(Output)]
struct Answer {
    name: Option<String>,
    tags: Option<Vec<Tag>>,
    created: Timestamp,
    summary: BTreeMap<String, i64>,
    is_truncated: bool,
}

#[test]
fn answers_are_elements() {
    let answer = Answer {
        name: Some("<é & \"\r\u{1}>".to_owned()),
        tags: Some(vec![Tag {
            key: "k".to_owned(),
            value: String::new(),
        }]),
        created: "2024-01-02T03:04:05.678Z".parse().unwrap(),
        summary: BTreeMap::from([("Users".to_owned(), 1)]),
        is_truncated: false,
    };
    let written = IAM.write(None, "GetThing", "id", &answer);
    let text = String::from_utf8(written.unwrap().1.to_vec()).unwrap();
    assert_eq!(
        text,
        "<GetThingResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\">
  <GetThingResult>
    <Name>&lt;é &amp; &quot;&#xD;\u{fffd}&gt;</Name>
    <Tags>
      <member>
        <Key>k</Key>
        <Value/>
      </member>
    </Tags>
    <Created>2024-01-02T03:04:05Z</Created>
    <Summary>
      <entry>
        <key>Users</key>
        <value>1</value>
      </entry>
    </Summary>
    <IsTruncated>false</IsTruncated>
  </GetThingResult>
  <ResponseMetadata>
    <RequestId>id</RequestId>
  </ResponseMetadata>
</GetThingResponse>
"
    );
}

#[test]
fn an_answer_that_says_nothing_has_no_result() {
    let written = IAM.write(None, "DeleteThing", "id", &Nothing);
    let text = String::from_utf8(written.unwrap().1.to_vec()).unwrap();
    assert!(!text.contains("Result"), "{text}");
    let json = Json::new("a");
    assert_eq!(*json.write(None, "X", "id", &Nothing).unwrap().1, b"{}");
}

#[test]
fn errors_have_the_names_and_statuses_of_their_protocol() {
    let query = Protocol::Query(IAM);
    for (json, code, status) in [
        (
            "MissingAuthenticationTokenException",
            "MissingAuthenticationToken",
            403,
        ),
        ("IncompleteSignatureException", "IncompleteSignature", 400),
        ("InvalidSignatureException", "SignatureDoesNotMatch", 403),
        ("UnrecognizedClientException", "InvalidClientTokenId", 403),
        ("ExpiredTokenException", "ExpiredToken", 403),
        ("AccessDeniedException", "AccessDenied", 403),
    ] {
        let adapted = query.adapt(Refusal::framework(json, "m"));
        assert_eq!((adapted.code, adapted.status), (code, status));
        let rest = Protocol::RestJson.adapt(Refusal::framework(json, "m"));
        assert_eq!((rest.code, rest.status), (json, 403));
        // The same again changes nothing.
        assert_eq!(query.adapt(adapted).code, code);
    }
    let own = Refusal::modelled("ExpiredTokenException", "m");
    assert_eq!(query.adapt(own).code, "ExpiredTokenException");
    let denied = Refusal::framework("AccessDenied", "a < b");
    let text = String::from_utf8(IAM.failure("id", &denied)).unwrap();
    assert_eq!(
        text,
        "<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\">
  <Error>
    <Type>Sender</Type>
    <Code>AccessDenied</Code>
    <Message>a &lt; b</Message>
  </Error>
  <RequestId>id</RequestId>
</ErrorResponse>
"
    );
}

#[test]
fn rest_finds_members_in_four_places() {
    let http = Http {
        query: &[
            Member {
                at: "keys",
                member: "Keys",
            },
            Member {
                at: "max",
                member: "MaxItems",
            },
        ],
        headers: &[Member {
            at: "x-status",
            member: "Status",
        }],
        ..Http::new("POST", "/2015-03-31/things/{UserName}/tags", 201)
    };
    assert_eq!(
        http.matches("/2015-03-31/things/a%2Fb/tags"),
        Some(vec![("UserName", "a%2Fb")])
    );
    for other in [
        "/2015-03-31/things//tags",
        "/2015-03-31/things/a",
        "/2015-03-31/things/a/tags/b",
    ] {
        assert_eq!(http.matches(other), None, "{other}");
    }
    let bound = [
        ("UserName", "a".to_owned()),
        ("Keys", "x".to_owned()),
        ("Keys", "y".to_owned()),
        ("MaxItems", "5".to_owned()),
        ("Status", "Active".to_owned()),
    ];
    let message = Message {
        body: br#"{"Tags": [{"Key": "k", "Value": "v"}], "UserName": "not me"}"#,
        bound: &bound,
    };
    let request: Request = RestJson.read(Some(&http), message).unwrap();
    assert_eq!(request.user_name, "a");
    assert_eq!(request.keys.unwrap(), ["x", "y"]);
    assert_eq!(request.max_items, Some(5));
    assert_eq!(request.status, Some(Status::Active));
    assert_eq!(request.tags.unwrap().len(), 1);
    let raw = Http {
        payload: Some("Document"),
        ..http
    };
    let message = Message {
        body: b"\x01\xff",
        bound: &bound,
    };
    let request: Request = RestJson.read(Some(&raw), message).unwrap();
    assert_eq!(request.document, Some(Blob(vec![1, 255])));
}

#[derive(Output)]
struct Invoked {
    code: i64,
    error: Option<String>,
    payload: Blob,
}

#[test]
fn rest_puts_members_into_status_headers_and_body() {
    let http = Http {
        answer_headers: &[Member {
            at: "x-error",
            member: "Error",
        }],
        answer_status: Some("Code"),
        answer_payload: Some("Payload"),
        ..Http::new("POST", "/", 200)
    };
    let output = Invoked {
        code: 202,
        error: Some("Unhandled".to_owned()),
        payload: Blob(b"raw".to_vec()),
    };
    let (head, body) = RestJson
        .write(Some(&http), "Invoke", "id", &output)
        .unwrap();
    assert_eq!(head.status, 202);
    assert_eq!(head.headers, [("x-error", "Unhandled".to_owned())]);
    assert_eq!(*body, b"raw");
    let gone = Http::new("DELETE", "/", 204);
    let (head, body) = RestJson.write(Some(&gone), "X", "id", &Nothing).unwrap();
    assert_eq!((head.status, body.len()), (204, 0));
}

/// Percent-encodes whatever is not a letter or a digit.
fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        b' ' => "+".to_owned(),
        other => format!("%{other:02x}"),
    };
    text.bytes().map(byte).collect()
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        name in "\\PC{1,8}", max in 1_i64..1000,
        tags in proptest::collection::vec((".{0,5}", ".{0,5}"), 1..12),
    ) {
        let mut text = format!("UserName={}&MaxItems={max}", encoded(&name));
        for ((key, value), number) in tags.iter().zip(1..) {
            text += &format!(
                "&Tags.member.{number}.Key={}&Tags.member.{number}.Value={}",
                encoded(key), encoded(value)
            );
        }
        let request = form(&text).unwrap();
        prop_assert_eq!(request.user_name, name);
        prop_assert_eq!(request.max_items, Some(max));
        let read: Vec<_> = request.tags.unwrap().into_iter().map(|tag| (tag.key, tag.value)).collect();
        prop_assert_eq!(read, tags);
    }

    #[test]
    fn no_parameters_are_a_surprise(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = IAM.read::<Request>(None, Message::from(bytes.as_slice()));
    }

    #[test]
    fn no_names_are_a_surprise(
        text in "((UserName|Tags|Keys|member|entry|key|value|1|2|Key|Document|MaxItems)[.=&]{1,2}){1,12}",
    ) {
        let _ = form(&text);
    }

    /// Whatever is written, an XML parser finds elements that are closed.
    #[test]
    fn xml_is_balanced(text in ".{0,20}", key in ".{0,5}") {
        let answer = Answer {
            name: Some(text),
            tags: None,
            created: Timestamp::UNIX_EPOCH,
            summary: BTreeMap::from([(key, 1)]),
            is_truncated: true,
        };
        let (_, body) = IAM.write(None, "X", "id", &answer).unwrap();
        let text = String::from_utf8(body.to_vec()).unwrap();
        let mut open = Vec::new();
        for piece in text.split('<').skip(1) {
            let (tag, rest) = piece.split_once('>').unwrap();
            prop_assert!(!rest.contains('>'));
            if let Some(name) = tag.strip_prefix('/') {
                prop_assert_eq!(open.pop(), Some(name.to_owned()));
            } else if !tag.ends_with('/') {
                open.push(tag.split(' ').next().unwrap().to_owned());
            }
        }
        prop_assert!(open.is_empty());
    }
}
