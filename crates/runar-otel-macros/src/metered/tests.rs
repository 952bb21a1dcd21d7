//! Snapshots of the code that the attribute generates for functions of each shape.

use insta::assert_snapshot;
use quote::quote;
use syn::parse_quote;

use super::*;

fn expanded(options: &TokenStream, item: &TokenStream) -> String {
    pretty(expand(options, item))
}

/// A method is shown in an impl, since a file cannot hold it otherwise.
fn expanded_in_impl(options: &TokenStream, item: &TokenStream) -> String {
    let method = expand(options, item);
    pretty(quote!(impl Orders { #method }))
}

fn pretty(tokens: TokenStream) -> String {
    prettyplease::unparse(&syn::parse2(tokens).unwrap())
}

#[test]
fn async_method() {
    assert_snapshot!(expanded_in_impl(
        &quote!(),
        &quote! {
            /// Reads a user.
            #[action]
            pub async fn get_user(&self, context: &RequestContext, id: u64) -> Result<User> {
                let user = self.users.find(id).await?;
                Ok(user)
            }
        }
    ));
}

#[test]
fn every_option_of_metrics_and_span() {
    assert_snapshot!(expanded_in_impl(
        &quote!(
            name = "checkout",
            prefix = "shop_",
            service = "orders",
            buckets = [0.005, 0.5, 1],
            labels = ["priority", "user_tier"],
            fields(order_id = %id),
            kind = "server",
            level = "debug",
            span_name = "POST /checkout",
            ok_if = |reply| reply.is_fine(),
            crate = shop::otel,
        ),
        &quote! {
            async fn check_out(&self, ctx: &Context, mut id: u64, priority: &str, (a, b): (u8, u8)) -> Reply {
                self.pay(id, a, b).await
            }
        }
    ));
}

#[test]
fn sync_function_with_an_opaque_type() {
    assert_snapshot!(expanded(
        &quote!(),
        &quote!(
            fn read(path: &Path) -> Result<impl Read + use<>, Error> {
                open(path)
            }
        )
    ));
}

#[test]
fn event_handler_without_a_span() {
    assert_snapshot!(expanded(
        &quote!(skip_span),
        &quote! {
            #[subscribe(path = "users/created")]
            async fn on_created(user: User) {}
        }
    ));
}

#[test]
fn a_future_of_async_trait_keeps_its_box() {
    assert_snapshot!(expanded_in_impl(
        &quote!(labels = ["tier"]),
        &quote! {
            fn get<'life0, 'async_trait>(&'life0 self, tier: String)
                -> ::core::pin::Pin<Box<dyn Future<Output = Result<u8, Error>> + Send + 'async_trait>>
            where
                'life0: 'async_trait,
                Self: 'async_trait,
            {
                Box::pin(async move {
                    let __self = self;
                    let tier = tier;
                    let __ret: Result<u8, Error> = { Ok(__self.of(&tier)?) };
                    __ret
                })
            }
        }
    ));
}

#[test]
fn statements_before_a_future_run_when_they_did() {
    assert_snapshot!(expanded(
        &quote!(labels = ["name"], fields(%name)),
        &quote! {
            fn greet(name: String) -> impl Future<Output = Result<String, Error>> {
                let greeting = format!("hello {name}");
                async move { Ok(greeting) }
            }
        }
    ));
}

#[test]
fn a_body_with_several_ends_gets_one_more_box() {
    assert_snapshot!(expanded(
        &quote!(),
        &quote! {
            fn cached(id: u64) -> BoxFuture<'static, u64> {
                if id == 0 {
                    return Box::pin(ready(0));
                }
                Box::pin(compute(id))
            }
        }
    ));
}

#[test]
fn until_the_stream_is_dropped() {
    assert_snapshot!(expanded(
        &quote!(until = "drop"),
        &quote! {
            async fn rows(of: &str) -> Result<BoxStream<'static, Row>, Error> {
                Ok(query(of).await?)
            }
        }
    ));
}

#[test]
fn another_attribute_knows_the_owner_and_whether_there_are_metrics() {
    let mut attributes = vec![parse_quote!(#[action]), parse_quote!(#[metrics::metered])];
    let mut block: Block = parse_quote!({ 1 });
    let instrumentation = Instrumentation {
        role: Role::Job,
        metered: false,
        event: None,
        owner: Some(quote!(OWNER)),
        crate_path: CratePath::default(),
    };
    let signature: Signature = parse_quote!(fn clean(&self) -> u8);
    let mut same = block.clone();
    let mut none = vec![parse_quote!(#[action])];
    instrument(&mut none, &signature, &mut same, &instrumentation).unwrap();
    assert_snapshot!(pretty(quote!(#signature #same)));

    instrument(&mut attributes, &signature, &mut block, &instrumentation).unwrap();
    assert_eq!(attributes, none, "ours are gone, the others stay");
    assert!(quote!(#block).to_string().contains("metered : true"));
}

#[test]
fn error_types_are_known_early_where_they_can_be_named() {
    let error_types = |signature: Signature| {
        let mut block: Block = parse_quote!({ todo!() });
        let instrumentation = Instrumentation {
            role: Role::Action,
            metered: true,
            event: None,
            owner: Some(quote!(OWNER)),
            crate_path: CratePath::default(),
        };
        instrument(&mut Vec::new(), &signature, &mut block, &instrumentation).unwrap();
        let code = quote!(#block).to_string();
        !code.contains("error_types : :: core :: option :: Option :: None")
    };
    assert!(error_types(
        parse_quote!(fn f(&self) -> Result<&str, Error>)
    ));
    assert!(error_types(
        parse_quote!(async fn f(&self) -> Result<impl Read, Error>)
    ));
    assert!(!error_types(parse_quote!(fn f<E>(&self) -> Result<u8, E>)));
    assert!(!error_types(
        parse_quote!(fn f(&self) -> Result<u8, Self::Error>)
    ));
    assert!(!error_types(
        parse_quote!(fn f<'a>(&'a self) -> Result<&'a str, Error>)
    ));
    assert!(!error_types(
        parse_quote!(fn f<const N: usize>() -> Result<[u8; N], Error>)
    ));
    assert!(!error_types(parse_quote!(fn f() -> result!(u8))));
}

#[test]
fn a_function_is_instrumented_once() {
    let mut attributes = Vec::new();
    let mut block: Block = parse_quote!({ 1 });
    let instrumentation = Instrumentation {
        role: Role::Action,
        metered: true,
        event: None,
        owner: None,
        crate_path: CratePath::default(),
    };
    let signature: Signature = parse_quote!(fn f() -> u8);
    instrument(&mut attributes, &signature, &mut block, &instrumentation).unwrap();
    let once = block.clone();
    attributes.push(parse_quote!(#[metered(name = "again")]));
    instrument(&mut attributes, &signature, &mut block, &instrumentation).unwrap();
    assert_eq!(once, block);
    assert!(attributes.is_empty());
}

#[test]
fn self_of_an_inner_item_makes_no_method() {
    let without = expanded(
        &quote!(),
        &quote!(
            fn f() {
                impl A {
                    fn g() -> Self {}
                }
            }
        ),
    );
    assert!(without.contains("of_module"), "{without}");
    let with_self = expanded_in_impl(
        &quote!(),
        &quote!(
            fn f() {
                println!("{}", Self::NAME)
            }
        ),
    );
    assert!(with_self.contains("Probe::<Self>"), "{with_self}");
}
