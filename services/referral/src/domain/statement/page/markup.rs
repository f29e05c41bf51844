//! Pieces of a page: text that stays text, tables.

use std::fmt::Write as _;

/// A text in which nothing is taken for markup. It is said to be in which direction by itself: names of sites may be Arabic.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // No document of XML holds them.
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}

/// A name that somebody gave, apart from the text around it.
pub fn name(text: &str) -> String {
    format!("<bdi>{}</bdi>", escape(text))
}

/// A table: what it is of, its heads, and its rows, of which the first cell is a head. All are markup already.
pub fn table(caption: &str, heads: &[String], rows: &[(bool, Vec<String>)]) -> String {
    let mut page = format!("<table><caption>{caption}</caption><thead><tr>");
    for head in heads {
        // Writing to a String cannot fail.
        let _ = write!(page, "<th scope=\"col\">{head}</th>");
    }
    page.push_str("</tr></thead><tbody>\n");
    for (all, cells) in rows {
        page.push_str(if *all { "<tr class=\"all\">" } else { "<tr>" });
        for (at, cell) in cells.iter().enumerate() {
            let _ = match at {
                0 => write!(page, "<th scope=\"row\">{cell}</th>"),
                _ => write!(page, "<td class=\"number\">{cell}</td>"),
            };
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</tbody></table>\n");
    page
}

/// A sentence in small.
pub fn note(text: &str) -> String {
    format!("<p class=\"note\">{}</p>\n", escape(text))
}
