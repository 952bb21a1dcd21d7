//! Functions whose body a `macro_rules!` brings as a block.

#![deny(warnings)]

extern crate runar_otel_core as runar_otel;

use std::{future::Future, pin::Pin};

use runar_otel_macros::metered;

macro_rules! make {
    ($called:ident, $awaited:ident, $returned:ident, $last:ident, $boxed:ident, $body:block) => {
        #[metered]
        fn $called() -> u32 {
            $body
        }

        #[metered]
        async fn $awaited() -> u32 {
            $body
        }

        #[metered]
        fn $returned() -> impl Future<Output = u32> {
            async move { $body }
        }

        #[metered]
        fn $last() -> impl Future<Output = u32> {
            let _before = 1;
            async { $body }
        }

        #[metered]
        fn $boxed() -> Pin<Box<dyn Future<Output = u32>>> {
            Box::pin(async move { $body })
        }
    };
}

macro_rules! future {
    ($any:ident, $opened:ident, $numbers:ident, $future:block, $items:block) => {
        #[metered]
        fn $any() -> impl Future<Output = u32> {
            $future
        }

        #[metered]
        fn $opened() -> impl Iterator<Item = u32> {
            $items
        }

        #[metered]
        async fn $numbers() -> Result<impl Iterator<Item = u32>, String> {
            Ok($items)
        }
    };
}

make!(called, awaited, returned, last, boxed, { 4 });
future!(any, opened, numbers, { std::future::ready(4) }, {
    [4].into_iter()
});

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(called(), 4);
    assert_eq!(awaited().await, 4);
    assert_eq!(returned().await, 4);
    assert_eq!(last().await, 4);
    assert_eq!(boxed().await, 4);
    assert_eq!(any().await, 4);
    assert_eq!(opened().next(), Some(4));
    assert_eq!(numbers().await.unwrap().next(), Some(4));
}
