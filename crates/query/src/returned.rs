//! `returning`, and what else is taken from the rows of a write: that they may be written, and what later operations refer to.

use std::sync::Arc;

use atomicbase_core::Problem;
use db::{Collect, JsonShape};
use schema::{Column, ColumnType, quote};

use super::Scope;
use super::condition::Condition;
use super::fault::{Fault, Place};
use super::fields::Fields;
use super::filter::visible;
use super::guard;
use super::items::Items;
use super::nested::{Level, Parents};
use super::plan;
use super::plan::Statements;
use super::select::{Related, Shown};
use super::shape::{self, Output};
use super::sql::Sql;
use super::view::View;

/// What is taken from the rows of a write.
pub(super) struct Returned<'t> {
    view: View<'t>,
    asked: bool,
    shown: Vec<Shown<'t>>,
    relations: Vec<Related<'t>>,
    /// Which of the rows are there for the caller; others are left out.
    visible: Condition<'t>,
    /// Columns that later operations of the batch refer to.
    kept: Vec<&'t Column>,
    /// What every row must meet.
    check: Condition<'t>,
    shape: Option<Arc<JsonShape>>,
}

impl<'t> Returned<'t> {
    /// Reads `returning`. Each row must meet `check`; `kept` are columns that later operations take.
    pub(super) fn read(
        scope: &Scope<'t>,
        view: View<'t>,
        fields: &Fields<'_>,
        check: Condition<'t>,
        kept: &[&'t Column],
        place: &Place<'_>,
    ) -> Result<Self, Problem> {
        let returning = fields.value("returning", place)?;
        let place = place.field("returning");
        let (shown, relations) = match &returning {
            None => (Vec::new(), Vec::new()),
            Some(json) => Items::returning(scope, view, json, &place)?,
        };
        if let Some(related) = relations.iter().find(|related| !travels(related.relation.here)) {
            let message = format!("`{}` joins by a column that a write does not give back.", related.label);
            return Err(Fault::query(place.field(&related.label), message)
                .hint("Select the relation in a query of its own."));
        }
        let asked = returning.is_some();
        let visible = if asked || !kept.is_empty() { visible(scope, view)? } else { Condition::TRUE };
        let mut returned =
            Self { view, asked, shown, relations, visible, kept: kept.to_vec(), check, shape: None };
        returned.shape = returned.shape(scope.bigint);
        Ok(returned)
    }

    fn shape(&self, bigint: bool) -> Option<Arc<JsonShape>> {
        let checked = !self.check.is_everything();
        if !self.asked && self.kept.is_empty() && !checked {
            return None;
        }
        let keys = self.relations.len() + self.kept.len() + usize::from(checked);
        let columns = shape::columns(&self.shown, bigint);
        let guarded = !self.visible.is_everything();
        Some(Arc::new(JsonShape { columns, keys, guarded, page: None }))
    }

    /// Adds the write with what it gives back; answers its index.
    pub(super) fn finish(&self, mut sql: Sql, statements: &mut Statements) -> usize {
        let Some(shape) = &self.shape else { return statements.add(sql, Collect::Nothing) };
        // A column of the row written is named by its table, whatever the statement calls it.
        let table = quote(&self.view.table.name);
        sql.push(" RETURNING ");
        let mut outputs: Vec<Output<'_>> = self.shown.iter().map(Output::Shown).collect();
        outputs.extend(self.relations.iter().map(|related| Output::Hidden(related.relation.here)));
        outputs.extend(self.kept.iter().map(|column| Output::Hidden(column)));
        shape::write(&mut sql, &outputs, &table);
        let mut separator = if outputs.is_empty() { "" } else { ", " };
        if !self.check.is_everything() {
            sql.push(separator);
            guard::write(&mut sql, self.check.clone(), &table, guard::CHECK);
            separator = ", ";
        }
        if !self.visible.is_everything() {
            sql.push(separator);
            sql.push("(");
            sql.condition(self.visible.clone(), &table);
            sql.push(") IS TRUE");
        }
        statements.json(sql, Arc::clone(shape))
    }

    /// The relations of the rows that the first `writes` statements gave back.
    pub(super) fn children(
        self,
        scope: &Scope<'t>,
        writes: usize,
        statements: &mut Statements,
    ) -> Option<plan::Returned> {
        let parents = Parents::Written { statement: 0, statements: writes };
        let level = Level { alias: String::new(), parents };
        let children = level.children(scope, self.relations, statements);
        self.asked.then_some(plan::Returned { children })
    }

    /// The first of the kept columns among the hidden ones.
    pub(super) fn first_kept(&self) -> usize {
        self.relations.len()
    }
}

/// Whether a key comes back from JSON as it was.
fn travels(column: &Column) -> bool {
    !matches!(column.column_type, ColumnType::Real | ColumnType::Blob)
}
