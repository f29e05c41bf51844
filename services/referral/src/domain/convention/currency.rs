//! Currencies of ISO 4217 and how many digits their minor units have.
//!
//! A table and no crate: it is as long as its use, and those that carry it bring formatting and arithmetic that nobody here needs.
//! Precious metals, drawing rights, funds and codes for tests have no minor units, and are left out.

/// Codes by the digits of their minor unit.
const DIGITS: [(u32, &str); 4] = [
    (0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"),
    (
        2,
        "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP \
         CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS \
         KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD \
         PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP \
         TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD YER ZAR ZMW ZWG",
    ),
    (3, "BHD IQD JOD KWD LYD OMR TND"),
    (4, "CLF UYW"),
];

/// How many digits the minor unit of a currency has; none: no currency of ISO 4217, or one without minor units.
pub fn minor_digits(code: &str) -> Option<u32> {
    let listed = |codes: &str| codes.split(' ').any(|known| known == code);
    DIGITS.iter().find(|(_, codes)| listed(codes)).map(|(digits, _)| *digits)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_is_there_once_and_nothing_else_is() {
        let all: Vec<_> = DIGITS.iter().flat_map(|(_, codes)| codes.split(' ')).collect();
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
        assert!(all.iter().all(|code| code.len() == 3 && code.bytes().all(|b| b.is_ascii_uppercase())), "{all:?}");
        let known = ["EUR", "XOF", "TND", "CLF"].map(minor_digits);
        assert_eq!(known, [Some(2), Some(0), Some(3), Some(4)]);
        for none in ["", "EU", "EUR ", "XAU", "XXX", "BTC"] {
            assert_eq!(minor_digits(none), None, "{none}");
        }
    }
}
