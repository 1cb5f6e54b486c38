// Conditions, by the JSON that they become.

import { expect, test } from 'vitest'
import {
  and,
  between,
  col,
  eq,
  every,
  fts,
  glob,
  gt,
  gte,
  inArray,
  is,
  isNotNull,
  isNull,
  like,
  lt,
  lte,
  match,
  neq,
  none,
  not,
  or,
  some,
} from '../src/filters.js'

test('each condition is its JSON', () => {
  expect([
    eq('a', 1),
    neq('a', 1),
    gt('a', 1),
    gte('a', 1),
    lt('a', 1),
    lte('a', 1),
    like('a', 'x%'),
    glob('a', 'x*'),
    inArray('a', [1, 2]),
    between('a', 1, 2),
    is('a', null),
    isNull('a'),
    isNotNull('a'),
  ]).toEqual([
    { a: { eq: 1 } },
    { a: { neq: 1 } },
    { a: { gt: 1 } },
    { a: { gte: 1 } },
    { a: { lt: 1 } },
    { a: { lte: 1 } },
    { a: { like: 'x%' } },
    { a: { glob: 'x*' } },
    { a: { in: [1, 2] } },
    { a: { between: [1, 2] } },
    { a: { is: null } },
    { a: { is: null } },
    { not: { a: { is: null } } },
  ])
})

test('conditions nest', () => {
  expect(or(eq('a', 1), and(eq('b', 2), not(eq('c', 3))))).toEqual({
    or: [{ a: { eq: 1 } }, { and: [{ b: { eq: 2 } }, { not: { c: { eq: 3 } } }] }],
  })
})

test('conditions are about related rows, other columns, JSON and searches, too', () => {
  expect([
    gt('updated_at', col('created_at')),
    between('a', col('b'), 2),
    inArray('a', [1, col('b')]),
    eq('meta->a.b.0', 'x'),
    eq('tasks.status', 'todo'),
    some('tasks', eq('a', 1), gt('b', 2)),
    none('tasks'),
    every('tasks', some('users!assigned_to', isNull('name'))),
    fts('plain words'),
    fts('title', 'plain words'),
    match('rocket* NOT moon'),
    match('title', 'rocket*'),
  ]).toEqual([
    { updated_at: { gt: { __col: 'created_at' } } },
    { a: { between: [{ __col: 'b' }, 2] } },
    { a: { in: [1, { __col: 'b' }] } },
    { 'meta->a.b.0': { eq: 'x' } },
    { 'tasks.status': { eq: 'todo' } },
    { tasks: { some: [{ a: { eq: 1 } }, { b: { gt: 2 } }] } },
    { tasks: { none: [] } },
    { tasks: { every: [{ 'users!assigned_to': { some: [{ name: { is: null } }] } }] } },
    { __fts: { fts: 'plain words' } },
    { title: { fts: 'plain words' } },
    { __fts: { match: 'rocket* NOT moon' } },
    { title: { match: 'rocket*' } },
  ])
})

test('a condition on undefined is refused: JSON would drop it and a delete would reach every row', () => {
  const missing = undefined as unknown as string
  expect(() => eq('id', missing)).toThrow(/`id` is undefined/)
  expect(() => inArray('id', ['a', missing])).toThrow(TypeError)
  expect(() => between('id', 'a', missing)).toThrow(TypeError)
})

test('a group of nothing is refused', () => {
  expect(() => and()).toThrow(/at least one/)
  expect(() => or()).toThrow(/at least one/)
})
