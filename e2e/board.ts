// A schema for the whole language of queries: every kind of relation, a search, JSON, big numbers and policies.

import { c, defineSchema, defineTable, type InferSchema } from '@atomicbase/schema'

const tables = {
  users: defineTable({
    id: c.text().primaryKey(),
    name: c.text().notNull(),
    salary: c.integer(),
  }),
  projects: defineTable({
    id: c.text().primaryKey(),
    name: c.text().notNull(),
    parent_id: c.text().references('projects.id'),
  }),
  tasks: defineTable({
    id: c.integer().primaryKey(),
    project_id: c.text().notNull().references('projects.id', { onDelete: 'CASCADE' }),
    title: c.text().notNull(),
    body: c.text(),
    status: c.text().notNull().default('todo').enum(['todo', 'doing', 'done']),
    hours: c.real(),
    views: c.integer().notNull().default(0),
    due_at: c.timestamp(),
    done_at: c.timestamp(),
    author: c.text().references('users.id'),
    assignee: c.text().references('users.id'),
    file: c.blob(),
    meta: c.json<{ labels?: string[]; size?: number; late?: boolean }>(),
  }).fts(['title', 'body']),
  labels: defineTable({ id: c.text().primaryKey(), name: c.text().notNull() }),
  task_labels: defineTable({
    task_id: c.integer().references('tasks.id', { onDelete: 'CASCADE' }),
    label_id: c.text().references('labels.id'),
  }).primaryKey(['task_id', 'label_id']),
}

export const board = defineSchema('board', tables, {
  policies: {
    tasks: {
      member: 'all',
      viewer: { select: ({ row, auth, eq }) => eq(row.assignee, auth.userId), hidden: ['hours'] },
    },
    users: { member: { select: true }, viewer: { select: true, hidden: ['salary'] } },
  },
})

export type Board = InferSchema<typeof board>

export const users: Board['users']['insert'][] = [
  { id: 'ada', name: 'Ada', salary: 9 },
  { id: 'bob', name: 'Bob' },
]

export const projects: Board['projects']['insert'][] = [
  { id: 'p1', name: 'Rocket' },
  { id: 'p2', name: 'Boat', parent_id: 'p1' },
  { id: 'p3', name: 'Idea' },
]

export const tasks: Board['tasks']['insert'][] = [
  {
    id: 1,
    project_id: 'p1',
    title: 'Design the rocket',
    body: 'A rocket is drawn, then drawn again.',
    status: 'done',
    hours: 2.5,
    views: 3,
    due_at: 100,
    done_at: 90,
    author: 'ada',
    assignee: 'bob',
    meta: { labels: ['urgent', 'art'], size: 3 },
  },
  {
    id: 2,
    project_id: 'p1',
    title: 'Build it',
    body: 'Weld the rocket.',
    hours: 8,
    due_at: 200,
    done_at: 300,
    author: 'ada',
    meta: { size: 5 },
  },
  { id: 3, project_id: 'p1', title: 'Launch', author: 'bob', assignee: 'bob', meta: { late: true } },
  { id: 4, project_id: 'p2', title: 'Caulk the boat', status: 'doing', hours: 1, assignee: 'ada' },
]

export const labels: Board['labels']['insert'][] = [
  { id: 'l1', name: 'hot' },
  { id: 'l2', name: 'cold' },
]

export const taskLabels: Board['task_labels']['insert'][] = [
  { task_id: 1, label_id: 'l1' },
  { task_id: 1, label_id: 'l2' },
  { task_id: 2, label_id: 'l1' },
]
