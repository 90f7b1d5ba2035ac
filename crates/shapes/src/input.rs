//! `#[derive(Input)]`: a wire struct of optional members, and the way from it
//! to the struct itself, collecting every violation on that way.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{DeriveInput, Result};

use crate::attributes::{Member, members};

pub(crate) fn expand(item: &DeriveInput) -> Result<TokenStream> {
    let members = members(item)?;
    let name = &item.ident;
    let visibility = &item.vis;
    let wire = format_ident!("{name}Wire");

    let wire_fields = members.iter().map(|member| {
        let Member { ident, inner, .. } = member;
        quote!(#ident: Option<<#inner as crate::shape::Shape>::Wire>)
    });
    let wire_names = members.iter().map(|member| &member.wire_name);
    let read = members.iter().enumerate().map(|(place, member)| {
        let ident = &member.ident;
        quote!(Some(#place) => wire.#ident = map.next_value()?)
    });
    let admitted = members.iter().map(|member| {
        let Member {
            ident,
            inner,
            record_name,
            ..
        } = member;
        let constraints = member.constraints();
        let each = member.each();
        let how = if member.optional {
            quote!(optional)
        } else {
            quote!(required)
        };
        quote!(#ident: crate::shape::#how::<#inner>(
            wire.#ident, &at.member(#record_name), #constraints, #each, violations,
        ))
    });
    let absent = members.iter().map(|member| {
        let Member { ident, inner, .. } = member;
        let value = if member.optional {
            quote!(None)
        } else {
            quote!(<#inner as crate::shape::Shape>::absent())
        };
        quote!(#ident: #value)
    });
    let recorded = members
        .iter()
        .filter(|member| member.recorded)
        .map(|member| {
            let ident = &member.ident;
            let shape = quote!(crate::shape::Shape);
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
        let constraints = member.constraints();
        let each = member.each();
        let required = !member.optional;
        quote!(crate::shape::Member::of::<#inner>(#wire_name, #required, #constraints, #each))
    });

    Ok(quote! {
        #[derive(Default)]
        #[doc(hidden)]
        #visibility struct #wire { #(#wire_fields),* }

        impl<'de> serde::Deserialize<'de> for #wire {
            fn deserialize<D: serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::core::result::Result<Self, D::Error> {
                deserializer.deserialize_map(crate::shape::Structure::<Self>::default())
            }
        }

        impl crate::shape::Members for #wire {
            fn read<'de, A: serde::de::MapAccess<'de>>(
                mut map: A,
            ) -> ::core::result::Result<Self, A::Error> {
                let mut wire = Self::default();
                let names: &'static [&'static str] = &[#(#wire_names),*];
                while let Some(place) = map.next_key_seed(crate::shape::MemberName(names))? {
                    match place {
                        #(#read,)*
                        _ => {
                            map.next_value::<crate::shape::Ignored>()?;
                        }
                    }
                }
                Ok(wire)
            }
        }

        impl crate::shape::Shape for #name {
            type Wire = #wire;

            fn admit(
                wire: Self::Wire,
                at: &crate::shape::Path<'_>,
                violations: &mut crate::shape::Violations,
            ) -> Self {
                let _ = (&wire, at, &violations);
                Self { #(#admitted),* }
            }

            fn absent() -> Self {
                Self { #(#absent),* }
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
