//! The little DER that turns the numbers of test vectors into keys.

use strongroom_crypto::KeyPairSpec;

pub fn hex(text: &str) -> Vec<u8> {
    assert!(text.len().is_multiple_of(2), "{text}");
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

fn tlv(tag: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match body.len() {
        length @ 0..0x80 => out.push(length as u8),
        length @ 0x80..0x100 => out.extend([0x81, length as u8]),
        length => out.extend([0x82, (length >> 8) as u8, length as u8]),
    }
    out.extend(body);
    out
}

fn integer(bytes: &[u8]) -> Vec<u8> {
    let first = bytes
        .iter()
        .position(|byte| *byte != 0)
        .unwrap_or(bytes.len().saturating_sub(1));
    let mut body = bytes[first..].to_vec();
    if body.is_empty() || body[0] & 0x80 != 0 {
        body.insert(0, 0);
    }
    tlv(2, &body)
}

fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    tlv(0x30, &parts.concat())
}

fn bit_string(body: &[u8]) -> Vec<u8> {
    tlv(3, &[&[0], body].concat())
}

/// `AlgorithmIdentifier` of a curve's keys (RFC 5480), and its field's bytes.
fn curve(spec: KeyPairSpec) -> (Vec<u8>, usize) {
    let (oid, bytes): (&[u8], _) = match spec {
        KeyPairSpec::EccNistP256 => (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7], 32),
        KeyPairSpec::EccNistP384 => (&[0x2b, 0x81, 4, 0, 0x22], 48),
        KeyPairSpec::EccNistP521 => (&[0x2b, 0x81, 4, 0, 0x23], 66),
        KeyPairSpec::EccSecgP256K1 => (&[0x2b, 0x81, 4, 0, 0x0a], 32),
        other => panic!("{other:?} has no curve"),
    };
    let ec_public_key = tlv(6, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1]);
    (sequence(&[ec_public_key, tlv(6, oid)]), bytes)
}

fn padded(bytes: &[u8], length: usize) -> Vec<u8> {
    let start = bytes.len().saturating_sub(length);
    assert!(bytes[..start].iter().all(|byte| *byte == 0));
    let bytes = &bytes[start..];
    [vec![0; length - bytes.len()], bytes.to_vec()].concat()
}

/// PKCS#8 of an elliptic-curve private key given as a number.
pub fn ec_pkcs8(spec: KeyPairSpec, d: &[u8]) -> Vec<u8> {
    let (algorithm, bytes) = curve(spec);
    let key = sequence(&[integer(&[1]), tlv(4, &padded(d, bytes))]);
    sequence(&[integer(&[0]), algorithm, tlv(4, &key)])
}

/// `SubjectPublicKeyInfo` of a point given by its coordinates.
pub fn ec_spki(spec: KeyPairSpec, x: &[u8], y: &[u8]) -> Vec<u8> {
    let (algorithm, bytes) = curve(spec);
    let point = [vec![4], padded(x, bytes), padded(y, bytes)].concat();
    sequence(&[algorithm, bit_string(&point)])
}

/// An ECDSA signature's DER from its two numbers.
pub fn ecdsa_signature(r: &[u8], s: &[u8]) -> Vec<u8> {
    sequence(&[integer(r), integer(s)])
}

/// `SubjectPublicKeyInfo` of an RSA key.
pub fn rsa_spki(n: &[u8], e: &[u8]) -> Vec<u8> {
    let algorithm = sequence(&[
        tlv(6, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1]),
        tlv(5, &[]),
    ]);
    sequence(&[algorithm, bit_string(&sequence(&[integer(n), integer(e)]))])
}
