// The npm package in Node answers the JSON that the CLI's evaluator answers: both are held to the same files.
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const folder = fileURLToPath(new URL('../fixtures/', import.meta.url))
const names = readdirSync(folder).flatMap((file) => file.match(/^(.+)\.schema\.ts$/)?.slice(1) ?? [])

test.each(names)('%s evaluates to its JSON', async (name) => {
  const { default: schema } = await import(`../fixtures/${name}.schema.ts`)
  const json = `${JSON.stringify(schema, null, 2)}\n`
  await expect(json).toMatchFileSnapshot(`../fixtures/${name}.json`)
})
