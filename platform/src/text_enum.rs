//! Enums that have one name in SQL, JSON and messages.

/// Declares an enum whose values have a text: `as_str`, `parse`, and serde by the same text.
#[macro_export]
macro_rules! text_enum {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$doc:meta])* $value:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        $vis enum $name {
            $($(#[$doc])* #[serde(rename = $text)] $value,)+
        }

        impl $name {
            /// Its text.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$value => $text,)+ }
            }

            /// The value of a text.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$value),)+ _ => None }
            }

            /// The value of a text that a check constraint has let through.
            ///
            /// # Errors
            /// INTERNAL when a later version of the program wrote a value that this one does not know.
            pub fn stored(text: &str) -> $crate::Result<Self> {
                Self::parse(text).ok_or_else(|| {
                    $crate::Error::internal(anyhow::anyhow!("{text} is no {}", stringify!($name)))
                })
            }
        }
    };
}
