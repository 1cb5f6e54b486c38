// The README's five minutes, block by block, as a newcomer pastes them: on a copy of the example, against `atomicbase dev`.

import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fencedBlocks, runScripts } from './blocks.js'
import { copyExample, type Example, REPOSITORY } from './example.js'
import { type DevServer, startDev } from './server.js'

/** What each block prints, in their order. The first block is the two words that start and test everything. */
const PRINTS: [block: string, output: RegExp][] = [
  ['export PATH=', /^$/],
  ['atomicbase databases list', /acme-co .*\nbeta-inc .*\ngamma-llc /],
  ['"order": {"name": "asc"}', /"name":"Mobile app"[\s\S]*"title":"Choose the photos"/],
  ['atomicbase diff', /\+ tasks\.due_at \(TIMESTAMP\)\n\s+\+ idx_due on tasks\(due_at\)/],
  ['atomicbase push', /v1 → v2[\s\S]*✓ 3 databases updated in \S+\n[\s\S]*v2 {2}complete/],
  ['"title": "Ship it"', /"due_at":1767225600/],
  ['npm run --silent tour', /^Website relaunch: Choose the photos\n$/],
  ['atomicbase databases create delta-gmbh', /✓ Created delta-gmbh from saas-app v2/],
]

let readme: string
let example: Example
let server: DevServer

beforeAll(async () => {
  readme = await readFile(join(REPOSITORY, 'README.md'), 'utf8')
  example = await copyExample()
  server = await startDev(example.folder)
})

afterAll(async () => {
  await server?.stop()
  await example?.remove()
})

test('the request that the first start prints works as it is pasted, and fits 80 columns', async () => {
  const request = /^curl [\s\S]*?'\n(?=\n)/m.exec(server.greeting)?.[0] ?? ''
  const [ran] = await runScripts([request.replace('curl', 'curl --silent')], example.root, {})
  expect(ran?.code, request).toBe(0)
  expect(JSON.parse(ran?.output ?? '')).toMatchObject({
    data: [{ name: 'Website relaunch', tasks: [{}, {}] }, { name: 'Mobile app' }],
  })
  for (const line of request.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80)
})

test('the tour works as it is pasted', async () => {
  const [words, ...tour] = fencedBlocks(readme).filter(({ language }) => language !== 'ts')
  expect(words?.text).toMatch(/^make run .*\nmake test .*\n$/)
  // The test's port is its own; everything else is as printed.
  const here = (text: string) => text.replaceAll('http://localhost:8080', server.url)
  const program = join(example.folder, 'tour.ts')
  await writeFile(program, here(await readFile(program, 'utf8')))

  const scripts = tour.map(({ text }) => here(text))
  const ran = await runScripts(scripts, example.root, { ATOMICBASE_URL: server.url })
  for (const [index, { output, code }] of ran.entries()) {
    const [block, wanted] = PRINTS[index] ?? ['']
    expect(tour[index]?.text).toContain(block)
    expect(code, `${block}\n${output}`).toBe(0)
    expect(output, block).toMatch(wanted ?? /$^/)
  }
  expect(ran).toHaveLength(PRINTS.length)
})

test('the program of the README is the file of the example', async () => {
  const file = await readFile(join(REPOSITORY, 'examples/saas-app/tour.ts'), 'utf8')
  expect(fencedBlocks(readme).filter(({ language }) => language === 'ts')).toMatchObject([{ text: file }])
})
