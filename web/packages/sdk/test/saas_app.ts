// A schema with every kind of relation: to one, to many, two keys to one table, a self-reference, and a join table.

import { c, defineSchema, defineTable, type InferSchema } from '@atomicbase/schema'

export const schema = defineSchema('saas-app', {
  users: defineTable({
    id: c.id(),
    email: c.text().notNull().unique(),
    active: c.boolean().notNull().default(true),
  }),
  projects: defineTable({
    id: c.text().primaryKey(),
    name: c.text().notNull(),
    status: c.text().notNull().default('active').enum(['active', 'archived']),
    budget: c.real(),
    parent_id: c.text().references('projects.id'),
  }),
  tasks: defineTable({
    id: c.integer().primaryKey(),
    project_id: c.text().notNull().references('projects.id'),
    title: c.text().notNull(),
    created_by: c.text().notNull().references('users.id'),
    assigned_to: c.text().references('users.id'),
    hours: c.real(),
    views: c.integer().notNull().default(0),
    due_at: c.timestamp(),
    done_at: c.timestamp(),
    meta: c.json<{ labels: string[] }>(),
  }),
  labels: defineTable({
    id: c.id(),
    name: c.text().notNull().unique(),
  }),
  task_labels: defineTable({
    task_id: c.integer().references('tasks.id'),
    label_id: c.text().references('labels.id'),
  }).primaryKey(['task_id', 'label_id']),
})

export type SaasApp = InferSchema<typeof schema>
