// Runs before any schema file: the same file must give the same schema at every push, so nothing may tell the time
// or throw dice. They refuse instead of answering a constant, because a constant in a schema would go unnoticed.

const refuse = (what, advice) => {
  throw new TypeError(`${what} would make a different schema at every push; ${advice}`)
}
const byTime = (what) => refuse(what, 'for the time of an insert use default(sql`unixepoch()`)')
const RealDate = Date

globalThis.Date = new Proxy(RealDate, {
  apply: () => byTime('Date()'),
  construct: (_, args, target) => (args.length === 0 ? byTime('new Date()') : Reflect.construct(RealDate, args, target)),
})
RealDate.prototype.constructor = globalThis.Date
RealDate.now = () => byTime('Date.now()')
Math.random = () => refuse('Math.random()', 'for a random value at an insert use default(sql`random()`)')

// Enough frames to reach the user's file from the depth of the schema language.
Error.stackTraceLimit = 64
