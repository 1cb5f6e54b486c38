// schemas/saas-app.schema.ts
import { defineSchema, defineTable, c } from '@atomicbase/schema'

export default defineSchema('saas-app', {
  projects: defineTable({
    id: c.text().primaryKey(),
    name: c.text().notNull(),
    created_by: c.text().notNull(),
    created_at: c.integer().notNull(),
  }),

  tasks: defineTable({
    id: c.text().primaryKey(),
    project_id: c.text().notNull().references('projects.id'),
    title: c.text().notNull(),
    status: c.text().notNull().default('todo'),
    assigned_to: c.text(),
  }).index('idx_project', ['project_id']),
})
