// The command line against the real program: each command, its refusals and its exit codes.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { REPOSITORY } from './example.js'
import { Project } from './project.js'

const SCHEMA = 'schemas/saas-app.schema.ts'
const SEED = await readFile(join(REPOSITORY, 'examples/saas-app', SCHEMA), 'utf8')
const withoutAssignee = SEED.replace(/ {4}assigned_to: .*\n/, '')

let project: Project

beforeEach(async () => {
  project = await Project.start()
})

afterEach(async () => {
  await project.stop()
})

/** The project at version 1 of the seed's schema, with these databases. */
async function pushed(...databases: string[]): Promise<void> {
  await project.write(SCHEMA, SEED)
  await project.json('push')
  for (const name of databases) await project.json(`databases create ${name} --template saas-app`)
}

function insert(database: string, table: string, data: unknown) {
  return project.request(`/data/query/${table}`, { data }, { database, prefer: 'operation=insert' })
}

test('a new project: init, push, a database', async () => {
  const made = await project.json('init notes')
  const files = ['atomicbase.config.ts', 'schemas/notes.schema.ts', '.gitignore (/atomicbase-data)']
  expect(made).toEqual({ name: 'notes', created: files, kept: [] })
  const config = await readFile(join(project.folder, 'atomicbase.config.ts'), 'utf8')
  expect(await project.json('init notes')).toMatchObject({ created: [], kept: { length: 3 } })
  expect(await readFile(join(project.folder, 'atomicbase.config.ts'), 'utf8')).toBe(config)

  const push = await project.json('push')
  expect(push.data).toMatchObject([{ template: 'notes', version: 1, job: { status: 'completed' } }])
  const database = await project.json('databases create acme --template notes')
  expect(database).toMatchObject({ name: 'acme', template: 'notes', version: 1, status: 'ready' })
  const inserted = await insert('acme', 'notes', { title: 'First' })
  expect(inserted).toMatchObject({ status: 200, json: { rows_affected: 1 } })
})

test('databases are listed in a table, found by template and deleted', async () => {
  expect((await project.run('databases list')).out).toMatch(/^No databases yet\. .*\n$/)
  await pushed('acme', 'beta')
  const listed = await project.run('databases list')
  expect(listed.out.replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, 'TIME')).toBe(
    [
      'NAME  TEMPLATE  VERSION  STATUS  CREATED',
      'acme  saas-app  v1       ready   TIME',
      'beta  saas-app  v1       ready   TIME',
      '',
    ].join('\n'),
  )
  expect((await project.json('databases list --limit 1')).data).toHaveLength(1)
  const stranger = await project.run('databases list --template other')
  expect(stranger).toMatchObject({ code: 1, err: expect.stringMatching(/TEMPLATE_NOT_FOUND/) })

  expect(await project.run('databases delete acme')).toEqual({ code: 0, out: '✓ Deleted acme\n', err: '' })
  expect(await project.run('databases delete acme')).toMatchObject({
    code: 1,
    err: expect.stringMatching(/^error: There is no database `acme`\.\n/),
  })
  // A name is not given again.
  const again = await project.json('databases create acme --template saas-app', 1)
  expect(again.error).toMatchObject({ code: 'ALREADY_EXISTS', exit: 1 })
})

test('a diff shows what a push then does, and changes nothing', async () => {
  await project.write(SCHEMA, withoutAssignee)
  await project.json('push')
  await project.json('databases create acme --template saas-app')
  await project.write(SCHEMA, SEED)
  const changes = ['Changes:', '  + tasks.assigned_to (TEXT)', '']
  const diff = ['Schema "saas-app" v1 → v2', ...changes, 'A push would sync 1 tenant database.', '']
  expect(await project.run('diff')).toEqual({ code: 0, out: diff.join('\n'), err: '' })
  expect((await project.json('diff')).data).toMatchObject([{ from_version: 1, to_version: 2, databases: 1 }])
  expect((await project.json('templates list')).data).toMatchObject([
    { version: 1, latest_version: 1, databases: 1 },
  ])

  // Nobody waits: the job is named, and the server does it all the same.
  const detached = await project.run('push --detach')
  const id = /^Job (job_[0-9a-f]{32}) runs on the server\.$/m.exec(detached.out)?.[1]
  expect(detached).toMatchObject({ code: 0, err: '' })
  for (;;) if ((await project.json(`jobs show ${id}`)).status === 'completed') break
  expect((await project.run(`jobs show ${id}`)).out).toMatch(/^databases {2}1 of 1 updated, 0 set aside$/m)
  expect((await project.run('jobs list --limit 1')).out).toMatch(
    new RegExp(`^${id} +v2 saas-app +completed `, 'm'),
  )
  expect((await project.run('templates history saas-app')).out).toMatch(
    /^v2 {2}complete .*\n {2}\+ tasks\.assigned_to \(TEXT\)\nv1 {2}complete /,
  )
  expect((await project.run('diff')).out).toBe('Schema "saas-app" v2: no changes.\n')
  expect((await project.run('push')).out).toBe('Nothing to push: "saas-app" v2 is what the schema says.\n')
})

test('data is dropped only when that is allowed', async () => {
  await pushed('acme')
  await project.write(SCHEMA, withoutAssignee)
  const refused = await project.run('push')
  expect(refused.code).toBe(3)
  expect(refused.err).toMatch(/loses data in 1 tenant database[\s\S]*- tasks\.assigned_to \(TEXT\)/)
  expect(refused.err).toMatch(/--allow-destructive/)
  expect((await project.json('push', 3)).error).toMatchObject({ exit: 3 })
  expect((await project.json('push --yes', 3)).error).toMatchObject({ exit: 3 })
  expect((await project.json('templates list')).data).toMatchObject([{ latest_version: 1 }])
  const allowed = await project.run('push --allow-destructive')
  expect(allowed).toMatchObject({ code: 0, err: '' })
  expect(allowed.out).toMatch(/ {2}- tasks\.assigned_to \(TEXT\)\n[\s\S]*✓ 1 database updated in /)
})

test('what this version cannot change is refused by name, and nothing with it', async () => {
  await pushed('acme')
  const changed = SEED.replace('title: c.text()', 'title: c.integer()')
  await project.write(SCHEMA, changed.replace('assigned_to: c.text()', '$&,\n    due_at: c.timestamp()'))
  const refused = await project.run('push')
  expect(refused).toMatchObject({ code: 1, out: '' })
  expect(refused.err).toMatch(/\n {2}~ tasks\.title type TEXT → INTEGER\n/)
  expect(refused.err).toMatch(/CHANGE_NOT_SUPPORTED/)
  expect((await project.json('templates list')).data).toMatchObject([{ latest_version: 1 }])
})

test('a database whose data refuses is set aside, named, and moved once it is mended', async () => {
  await pushed('acme', 'beta', 'gamma')
  const projects = [1, 2].map((id) => ({ id: `p${id}`, name: 'Twice', created_by: 'ada', created_at: id }))
  expect((await insert('beta', 'projects', projects)).status).toBe(200)
  await project.write(SCHEMA, SEED.replace('name: c.text().notNull()', '$&.unique()'))

  const push = await project.run('push')
  expect(push.code).toBe(1)
  expect(push.out).toMatch(/✓ 2 databases updated in .*\n✗ 1 database set aside\n {2}beta: .*projects\.name/)
  const id = /atomicbase jobs retry (job_[0-9a-f]+)/.exec(push.err)?.[1]
  expect((await project.run('databases list')).out).toMatch(/^beta +saas-app +v1 +set_aside /m)
  expect(await project.request('/data/query/projects', {}, { database: 'beta' })).toMatchObject({
    version: '1',
  })
  expect((await project.json(`jobs retry ${id}`, 1)).job).toMatchObject({ status: 'failed', failed: 1 })

  const deletion = { where: [{ id: { eq: 'p2' } }] }
  const headers = { database: 'beta', prefer: 'operation=delete' }
  await project.request('/data/query/projects', deletion, headers)
  expect(await project.run(`jobs retry ${id}`)).toMatchObject({
    code: 0,
    out: expect.stringMatching(/✓ 3 databases updated in /),
  })
  expect((await project.json('databases list')).data).toMatchObject([1, 2, 3].map(() => ({ version: 2 })))
})

test('a mistake in a schema file is shown at its line, and nothing is sent', async () => {
  await project.write(SCHEMA, SEED.replace('c.text().primaryKey()', 'c.txt().primaryKey()'))
  const mistaken = await project.run('push')
  expect(mistaken.code).toBe(2)
  expect(mistaken.err).toMatch(/^error: schemas\/saas-app\.schema\.ts:6:\d+: .*Did you mean c\.text\?/)
  await project.write('schemas/endless.schema.ts', 'while (true) {}\n')
  expect(await project.run('push schemas/endless.schema.ts')).toMatchObject({ code: 2, out: '' })
  await project.write(
    'schemas/open.schema.ts',
    "import { readFileSync } from 'node:fs'\n\nexport default readFileSync('x')\n",
  )
  expect(await project.run('push schemas/open.schema.ts')).toMatchObject({
    code: 2,
    err: expect.stringMatching(/schemas\/open\.schema\.ts:1:\d+/),
  })
  expect((await project.json('templates list')).data).toEqual([])
})

test('a server that is not there, or does not know the key, is told from a refusal', async () => {
  const lost = await project.run('databases list', { ATOMICBASE_URL: 'http://127.0.0.1:9' })
  expect(lost).toMatchObject({
    code: 4,
    err: expect.stringMatching(/^error: Cannot reach http:\/\/127\.0\.0\.1:9: /),
  })
  const unknown = await project.run('databases list', { ATOMICBASE_API_KEY: `atb_sk_${'x'.repeat(43)}` })
  expect(unknown).toMatchObject({ code: 1, err: expect.stringMatching(/--api-key[\s\S]*UNAUTHENTICATED/) })
  expect(await project.run('databases', {})).toMatchObject({ code: 2 })
})

test('policies are tested on a database of their own, whatever its rows refer to', async () => {
  // Neither table can be emptied before the other.
  const teams = `defineTable({ id: c.text().primaryKey(), lead: c.text().references('people.id') })`
  const people = `defineTable({ id: c.text().primaryKey(), team: c.text().references('teams.id') })`
  const policies = `{ teams: { member: { select: true, update: true } }, people: { member: { select: ({ row, auth, eq }) => eq(row.id, auth.userId) } } }`
  await project.write(
    'schemas/circle.schema.ts',
    `import { c, defineSchema, defineTable } from '@atomicbase/schema'
     export default defineSchema('circle', { teams: ${teams}, people: ${people} }, { policies: ${policies} })`,
  )
  const cases = (sees: string) => `import { definePolicyTests } from '@atomicbase/schema'
    export default definePolicyTests('circle', {
      rows: { people: [{ id: 'ada', team: 'a' }, { id: 'bob', team: 'a' }], teams: [{ id: 'a' }] },
      cases: [
        { as: 'member', update: 'teams', row: 'a', data: { lead: 'ada' }, allowed: true },
        { as: 'member', select: 'teams', where: { lead: { is: null } }, sees: ['a'] },
        { as: 'member; user=ada', select: 'people', sees: ${sees} },
        { as: 'owner', update: 'people', row: 'bob', data: { team: null }, rows: 1 },
      ],
    })`
  await project.json('push')
  await project.write('schemas/circle.policies.ts', cases(`['ada']`))
  const tested = await project.json('policies test')
  expect(tested.data[0].cases).toMatchObject(Array(4).fill({ holds: true }))

  await project.write('schemas/circle.policies.ts', cases(`['ada', 'bob']`))
  const broken = await project.json('policies test schemas/circle.policies.ts', 1)
  expect(broken.data[0].cases[2]).toEqual({
    as: 'role=member; user=ada',
    does: 'select people',
    expected: 'sees ada, bob',
    found: 'sees ada',
    holds: false,
  })
  expect(broken.error).toEqual({ message: '1 of 4 cases did not come out as expected.', exit: 1 })
  expect((await project.json('databases list')).data).toEqual([])
})
