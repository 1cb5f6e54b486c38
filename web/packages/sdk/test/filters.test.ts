// Conditions, by the JSON that they become.

import { expect, test } from 'vitest'
import {
  and,
  between,
  eq,
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
  neq,
  not,
  or,
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
