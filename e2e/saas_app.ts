// The schema of these tests, in two versions: the seed's own, and one that adds a column, an index and a table.

import { c, defineSchema, defineTable, type InferSchema } from '@atomicbase/schema'

const projects = defineTable({
  id: c.text().primaryKey(),
  name: c.text().notNull(),
  status: c.text().notNull().default('active').enum(['active', 'archived']),
  budget: c.real(),
  created_at: c.timestamp().notNull().default(0),
})

const taskColumns = {
  id: c.integer().primaryKey(),
  project_id: c.text().notNull().references('projects.id'),
  title: c.text().notNull(),
  done: c.boolean().notNull().default(false),
  meta: c.json<{ labels: string[] }>(),
}

export const version1 = defineSchema('saas-app', { projects, tasks: defineTable(taskColumns) })

export const version2 = defineSchema('saas-app', {
  projects,
  tasks: defineTable({ ...taskColumns, assigned_to: c.text() }).index('idx_project', ['project_id']),
  comments: defineTable({
    id: c.id(),
    task_id: c.integer().notNull().references('tasks.id', { onDelete: 'CASCADE' }),
    body: c.text().notNull(),
  }),
})

/** `version1` without the tasks' `done`. */
export const withoutDone = defineSchema('saas-app', {
  projects,
  tasks: defineTable({
    id: taskColumns.id,
    project_id: taskColumns.project_id,
    title: taskColumns.title,
    meta: taskColumns.meta,
  }),
})

export type Version1 = InferSchema<typeof version1>
export type Version2 = InferSchema<typeof version2>
