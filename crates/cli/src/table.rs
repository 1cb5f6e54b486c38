//! Lays out a list in columns. Pure: `print` shows the lines.

const ELLIPSIS: char = '…';
/// A column is not cut below this many characters.
const NARROWEST: usize = 6;

/// A list: headings and rows of equal length.
pub(crate) struct Table {
    headings: &'static [&'static str],
    /// Columns that may be cut when the lines are too long; ids, times and numbers are not.
    flexible: &'static [usize],
    rows: Vec<Vec<String>>,
}

impl Table {
    pub fn new(headings: &'static [&'static str], flexible: &'static [usize]) -> Self {
        Self { headings, flexible, rows: Vec::new() }
    }

    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Headings, then rows. Fitted to `width` where one is given: first the gaps narrow, then the flexible columns.
    pub fn lines(&self, width: Option<usize>) -> Vec<String> {
        let mut widths: Vec<usize> = self.headings.iter().map(|heading| heading.chars().count()).collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let gaps = widths.len().saturating_sub(1);
        let mut gap = 2;
        if let Some(limit) = width {
            if widths.iter().sum::<usize>() + gaps * gap > limit {
                gap = 1;
            }
            self.narrow(&mut widths, limit.saturating_sub(gaps * gap));
        }
        let headings = self.headings.iter().map(|heading| (*heading).to_owned()).collect();
        std::iter::once(&headings).chain(&self.rows).map(|cells| line(cells, &widths, gap)).collect()
    }

    fn narrow(&self, widths: &mut [usize], limit: usize) {
        while widths.iter().sum::<usize>() > limit {
            let widest = self.flexible.iter().copied().max_by_key(|&column| widths[column]);
            match widest {
                Some(column) if widths[column] > NARROWEST => widths[column] -= 1,
                _ => return,
            }
        }
    }
}

fn line(cells: &[String], widths: &[usize], gap: usize) -> String {
    let mut line = String::new();
    for (cell, &width) in cells.iter().zip(widths) {
        let length = cell.chars().count();
        if length > width {
            line.extend(cell.chars().take(width - 1));
            line.push(ELLIPSIS);
        } else {
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', width - length));
        }
        line.extend(std::iter::repeat_n(' ', gap));
    }
    line.truncate(line.trim_end().len());
    line
}

#[cfg(test)]
mod tests {
    use super::Table;

    fn table() -> Table {
        let mut table = Table::new(&["NAME", "STATUS"], &[0]);
        table.row(["acme".to_owned(), "ready".to_owned()]);
        table.row(["a-name-of-some-length".to_owned(), "set_aside".to_owned()]);
        table
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        assert_eq!(
            table().lines(None),
            [
                "NAME                   STATUS",
                "acme                   ready",
                "a-name-of-some-length  set_aside"
            ]
        );
    }

    #[test]
    fn gaps_narrow_before_anything_is_cut() {
        assert_eq!(table().lines(Some(31))[2], "a-name-of-some-length set_aside");
    }

    #[test]
    fn flexible_columns_are_cut_and_others_never() {
        let lines = table().lines(Some(20));
        assert_eq!(lines[2], "a-name-of… set_aside");
        assert_eq!(table().lines(Some(3))[2], "a-nam… set_aside");
    }

    #[test]
    fn a_list_of_nothing_has_its_headings() {
        assert_eq!(Table::new(&["NAME", "STATUS"], &[0]).lines(Some(80)), ["NAME  STATUS"]);
    }
}
