//! Snapshots of the code that `#[derive(ErrorType)]` generates.

use quote::quote;

use super::error_type;
use crate::pretty::pretty;

#[test]
fn each_variant_has_a_name() {
    let generated = error_type(quote! {
        enum StoreError {
            NotFound,
            #[error_type("taken")]
            Conflict { id: u64 },
            #[error_type(transparent)]
            Io(IoError),
        }
    });
    insta::assert_snapshot!(pretty(&generated));
}
