//! `#[derive(Output)]`: what is written on the wire, and what of it goes into
//! the audit record.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{DeriveInput, Result};

use crate::attributes::{Member, members};

pub(crate) fn expand(item: &DeriveInput) -> Result<TokenStream> {
    let members = members(item)?;
    let name = &item.ident;
    let count = members.len();

    let emitted = members.iter().map(|member| {
        let Member {
            ident, wire_name, ..
        } = member;
        if member.optional {
            quote!(if let Some(value) = &self.#ident {
                map.serialize_field(#wire_name, &crate::shape::OnTheWire(value))?;
            })
        } else {
            quote!(map.serialize_field(#wire_name, &crate::shape::OnTheWire(&self.#ident))?;)
        }
    });
    let recorded = members
        .iter()
        .filter(|member| member.recorded)
        .map(|member| {
            let ident = &member.ident;
            let shape = quote!(crate::shape::Emit);
            if member.optional {
                let put = member.record(&quote!(value), &shape);
                quote!(if let Some(value) = &self.#ident { #put })
            } else {
                member.record(&quote!(&self.#ident), &shape)
            }
        });
    let described = members.iter().map(|member| {
        let Member {
            inner, wire_name, ..
        } = member;
        let required = !member.optional;
        quote!(crate::shape::Member::emitted::<#inner>(#wire_name, #required))
    });

    Ok(quote! {
        impl crate::shape::Emit for #name {
            fn emit<S: serde::Serializer>(&self, serializer: S) -> ::core::result::Result<S::Ok, S::Error> {
                use serde::ser::SerializeStruct as _;
                let mut map = serializer.serialize_struct(stringify!(#name), #count)?;
                #(#emitted)*
                map.end()
            }

            fn record(&self) -> Option<serde_json::Value> {
                let mut record = crate::shape::Parameters::default();
                #(#recorded)*
                Some(record.into())
            }

            fn describe() -> crate::shape::Description {
                crate::shape::Description::structure(vec![#(#described),*])
            }
        }
    })
}
