// The seed's push: 847 databases go from version 3 to version 4, consistent from the moment of the release on.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { REPOSITORY } from './example.js'
import { Project } from './project.js'

const DATABASES = 847
const SCHEMA = 'schemas/saas-app.schema.ts'
const SEED = await readFile(join(REPOSITORY, 'examples/saas-app', SCHEMA), 'utf8')

// The seed's schema as it grew: its version 4 is the one that the seed prints.
const withoutAssignee = SEED.replace(/ {4}assigned_to: .*\n/, '').replace(/\.index\(.*\)/, '')
const withoutStatus = withoutAssignee.replace(/ {4}status: .*\n/, '')
const withoutTasks = SEED.replace(/\n {2}tasks: [\s\S]*?\]\),\n/, '\n')

let project: Project

beforeAll(async () => {
  project = await Project.start()
  for (const version of [withoutTasks, withoutStatus, withoutAssignee]) {
    await project.write(SCHEMA, version)
    await project.json('push')
  }
  await each(DATABASES, async (number) => {
    const created = await project.request('/platform/databases', {
      name: `t-${number}`,
      template: 'saas-app',
    })
    expect(created.status).toBe(201)
  })
})

afterAll(async () => {
  await project?.stop()
})

/** Calls `work` for each of `count` numbers, 64 at a time. */
async function each(count: number, work: (number: number) => Promise<void>): Promise<void> {
  let next = 0
  const worker = async () => {
    for (let number = next++; number < count; number = next++) await work(number)
  }
  await Promise.all(Array.from({ length: 64 }, worker))
}

test('it prints what the seed prints, and no request sees an old version once one has seen the new', async () => {
  const select = { select: ['id', 'assigned_to'] }
  await project.write(SCHEMA, SEED)
  const pushing = project.run('push')
  for (;;) {
    const template = await project.request('/platform/templates/saas-app')
    if (template.json.version === 4) break
  }
  // From the last one backwards, towards the sweep: most of these databases have not been moved when they are asked.
  await each(DATABASES, async (number) => {
    const database = `t-${DATABASES - 1 - number}`
    const answer = await project.request('/data/query/tasks', select, { database })
    expect(answer).toMatchObject({ status: 200, version: '4', json: { data: [] } })
  })

  const { code, out, err } = await pushing
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toMatch(/ in [\d.]+m?s\n$/)
  const printed = out.replace(/ in [\d.]+m?s\n$/, ' in 34s\n')
  const seed = `
Pushing schema "saas-app" v3 → v4...
Changes:
  + tasks.assigned_to (TEXT)
  + idx_project on tasks(project_id)

Syncing 847 tenant databases...
[████████████████████████████████████████] 100%
✓ 847 databases updated in 34s
`
  expect(`\n${printed}`).toBe(seed)
  const guide = await readFile(join(REPOSITORY, 'docs/guide/pushes.md'), 'utf8')
  expect(guide.replace('847 databases updated in 1s', '847 databases updated in 34s')).toContain(seed)

  const { data } = await project.json('jobs list --limit 1')
  expect(data).toMatchObject([{ status: 'completed', total: DATABASES, done: DATABASES, failed: 0 }])
  const versions = (await project.json('databases list')).data.map(
    ({ version }: { version: number }) => version,
  )
  expect(versions).toEqual(Array(DATABASES).fill(4))
})
