// A copy of examples/saas-app to work in, as deep below a root as the original, so that its relative paths lead where they do.

import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { BINARY } from './server.js'

export const REPOSITORY = resolve(import.meta.dirname, '..')
const EXAMPLE = 'examples/saas-app'

export interface Example {
  /** Stands for the repository's root. */
  readonly root: string
  /** The example in it. */
  readonly folder: string
  remove(): Promise<void>
}

export async function copyExample(): Promise<Example> {
  if (!existsSync(join(REPOSITORY, EXAMPLE, 'node_modules'))) {
    throw new Error(`The example has no packages yet: npm ci --prefix ${EXAMPLE}`)
  }
  await mkdir(join(REPOSITORY, 'target'), { recursive: true })
  const root = await mkdtemp(join(REPOSITORY, 'target/example-'))
  const folder = join(root, EXAMPLE)
  const isSource = (path: string) => !/\/(atomicbase-data|\.build)$/.test(path)
  await cp(join(REPOSITORY, EXAMPLE), folder, { recursive: true, verbatimSymlinks: true, filter: isSource })
  await symlink(join(REPOSITORY, 'web'), join(root, 'web'))
  await mkdir(join(root, 'target/release'), { recursive: true })
  await symlink(BINARY, join(root, 'target/release/atomicbase'))
  return { root, folder, remove: () => rm(root, { recursive: true }) }
}
