// `inc`: a change relative to the value that is there.

/** What `inc` gives. */
export interface Inc {
  readonly __inc: number | bigint
}

/** In an update, adds to what the column holds: `update({ views: inc(1) })`. NULL stays NULL. */
export function inc(amount: number | bigint): Inc {
  return { __inc: amount }
}
