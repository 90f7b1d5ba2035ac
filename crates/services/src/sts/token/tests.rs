use proptest::prelude::*;
use strongroom_crypto::SystemRandom;

use super::*;
use crate::sts::session::{
    Claim, FederatedHolder, RoleHolder, RootHolder, SessionTag, UserHolder, WebIdentity,
};

fn account() -> AccountId {
    AccountId::new(111_122_223_333).unwrap()
}

fn session() -> Session {
    Session {
        issued_ms: 1,
        expires_ms: 2,
        holder: Some(Holder::Role(RoleHolder {
            name: "Reader".to_owned(),
            id: "AROAEXAMPLE".to_owned(),
            session_name: "pod-1".to_owned(),
        })),
        ..Session::default()
    }
}

use crate::sts::session::Holder;

fn tokens() -> SessionTokens {
    SessionTokens::new(&[1; 32])
}

fn issue(tokens: &SessionTokens, session: Session) -> Credentials {
    tokens.issue(&SystemRandom, session, account(), 0)
}

fn holders() -> impl Strategy<Value = Holder> {
    let user = || (".{0,64}", "[A-Z0-9]{0,21}").prop_map(|(name, id)| UserHolder { name, id });
    prop_oneof![
        (".{0,64}", "[A-Z0-9]{0,21}", ".{0,64}").prop_map(|(name, id, session_name)| {
            Holder::Role(RoleHolder {
                name,
                id,
                session_name,
            })
        }),
        (".{0,32}", proptest::option::of(user()))
            .prop_map(|(name, issuer)| Holder::Federated(FederatedHolder { name, issuer })),
        user().prop_map(Holder::User),
        Just(Holder::Root(RootHolder {})),
    ]
}

fn web_identities() -> impl Strategy<Value = WebIdentity> {
    let claims = (
        ".{0,20}",
        proptest::collection::vec(".{0,20}", 0..3),
        any::<bool>(),
    );
    let claims = claims.prop_map(|(name, values, many)| Claim { name, values, many });
    (".{0,80}", proptest::collection::vec(claims, 0..4)).prop_map(|(issuer, claims)| WebIdentity {
        provider: format!("arn:aws:iam::1:oidc-provider/{issuer}"),
        issuer,
        claims,
    })
}

prop_compose! {
    fn sessions()(
        holder in holders(),
        (issued_ms, length) in (0_i64..1 << 45, 0_i64..200_000_000),
        policy in proptest::option::of(".{0,300}"),
        policy_arns in proptest::collection::vec("arn:aws:iam::aws:policy/[A-Za-z]{1,30}", 0..10),
        tags in proptest::collection::vec(
            (".{1,20}", ".{0,20}", any::<bool>())
                .prop_map(|(key, value, transitive)| SessionTag { key, value, transitive }),
            0..10,
        ),
        source_identity in proptest::option::of("[a-z]{2,64}"),
        mfa_ms in proptest::option::of(any::<i64>()),
        web_identity in proptest::option::of(web_identities()),
    ) -> Session {
        Session {
            issued_ms,
            expires_ms: issued_ms + length,
            holder: Some(holder),
            policy,
            policy_arns,
            tags,
            source_identity,
            mfa_ms,
            web_identity,
            ..Session::default()
        }
    }
}

proptest! {
    #[test]
    fn a_token_opens_to_what_was_sealed_in_it(session in sessions(), minimum in 0_usize..=4096) {
        let issued = tokens().issue(&SystemRandom, session.clone(), account(), minimum);
        let token = issued.session_token.expose();
        prop_assert!(token.len() >= minimum && token.len() <= MAX_TOKEN_CHARACTERS);
        let opened = tokens().open(token).unwrap();
        prop_assert_eq!(
            opened.secret_access_key.expose(),
            issued.secret_access_key.expose()
        );
        let mut expected = session;
        expected.access_key_id = issued.access_key_id;
        expected.account = account().number();
        expected.padding.clone_from(&opened.session.padding);
        prop_assert_eq!(opened.session, expected);
    }

    #[test]
    fn an_altered_token_is_refused(
        session in sessions(),
        place in any::<proptest::sample::Index>(),
        with in "[A-Za-z0-9+/=]",
    ) {
        let token = issue(&tokens(), session).session_token.expose().clone();
        let place = place.index(token.len());
        let altered = [&token[..place], &with, &token[place + 1..]].concat();
        prop_assert_eq!(tokens().open(&altered).is_some(), altered == token);
        prop_assert!(tokens().open(&token[..place]).is_none());
        prop_assert!(tokens().open(&[token.as_str(), &with].concat()).is_none());
    }

    #[test]
    fn any_text_is_refused_without_panic(text in any::<String>()) {
        prop_assert!(tokens().open(&text).is_none());
    }

    #[test]
    fn any_bytes_are_refused_without_panic(bytes in any::<Vec<u8>>()) {
        prop_assert!(tokens().open(&BASE64_STANDARD.encode(bytes)).is_none());
    }

    #[test]
    fn an_access_key_id_tells_its_account(number in 0_u64..1_000_000_000_000) {
        let account = AccountId::new(number).unwrap();
        let id = access_key_id("ASIA", account, &SystemRandom);
        prop_assert_eq!(id.len(), 20);
        prop_assert_eq!(account_of(&id), Some(account));
    }
}

#[test]
fn the_well_known_decoder_finds_the_account() {
    // Of the public decoders' own example.
    let account = account_of("ASIAQNZGKIQY56JQ7WML").unwrap();
    assert_eq!(account.to_string(), "029608264753");
    for wrong in [
        "",
        "AKIA",
        "AKIAaaaaaaaaaaaaaaaa",
        "AKIA1111111111111111",
        "ASIAé",
    ] {
        assert_eq!(account_of(wrong), None, "{wrong}");
    }
}

#[test]
fn every_bit_of_a_token_counts_and_so_does_its_key() {
    let issued = issue(&tokens(), session());
    let token = BASE64_STANDARD
        .decode(issued.session_token.expose())
        .unwrap();
    assert!(
        SessionTokens::new(&[2; 32])
            .open(issued.session_token.expose())
            .is_none()
    );
    for bit in 0..token.len() * 8 {
        let mut changed = token.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(
            tokens().open(&BASE64_STANDARD.encode(changed)).is_none(),
            "bit {bit}"
        );
    }
    // Other than canonical base 64 is another text, and no token.
    let text = issued.session_token.expose();
    assert!(tokens().open(&format!(" {text}")).is_none());
    assert!(tokens().open(&format!("{text}\n")).is_none());
}

#[test]
fn credentials_of_one_session_are_unlike_those_of_another() {
    let (one, other) = (issue(&tokens(), session()), issue(&tokens(), session()));
    assert_ne!(one.access_key_id, other.access_key_id);
    assert_ne!(
        one.secret_access_key.expose(),
        other.secret_access_key.expose()
    );
    assert_ne!(one.session_token.expose(), other.session_token.expose());
    assert_eq!(one.secret_access_key.expose().len(), 40);
    assert!(one.access_key_id.starts_with("ASIA"));
    assert!(!format!("{one:?}").contains(one.secret_access_key.expose()));
}

#[test]
fn a_token_without_a_holder_is_refused() {
    let nobody = Session {
        holder: None,
        ..session()
    };
    let token = issue(&tokens(), nobody).session_token;
    assert!(tokens().open(token.expose()).is_none());
}
