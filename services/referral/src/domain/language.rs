//! Languages that the product speaks: the same in every service.

pub use relais_platform::language::Language;
