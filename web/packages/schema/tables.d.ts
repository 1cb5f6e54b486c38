// What the types know of tables, under a symbol that nobody writes by hand, and the types of rows that follow from it.

/** Any value that JSON can hold. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue }

export declare const info: unique symbol

export type ColumnType = 'text' | 'integer' | 'real' | 'blob' | 'boolean' | 'json' | 'timestamp' | 'id'

/** What the types know of a column. */
export interface ColumnInfo {
  readonly type: ColumnType
  readonly value: unknown
  readonly notNull: boolean
  readonly hasDefault: boolean
  readonly primaryKey: boolean
  readonly generated: boolean
  readonly references: string
}

export type AnyColumn = { readonly [info]: ColumnInfo }

export type Columns = { readonly [name: string]: AnyColumn }
export type Name<C> = keyof C & string
export type AnyTable = { readonly [info]: { readonly columns: Columns; readonly key: string } }
export type Tables = { readonly [name: string]: AnyTable }
export type ColumnsOf<T extends AnyTable> = T[typeof info]['columns']

export type ReferencesOf<T extends AnyTable> = {
  [K in keyof ColumnsOf<T>]: ColumnsOf<T>[K][typeof info]['references']
}[keyof ColumnsOf<T>]

export interface InferTable<C extends Columns, Key extends string> {
  row: Flat<{ [K in keyof C]: RowValue<C[K][typeof info], K extends Key ? true : false> }>
  insert: Flat<
    { [K in Exclude<WritableColumn<C>, OptionalColumn<C, Key>>]: WrittenValue<C, K, Key> } & {
      [K in Extract<WritableColumn<C>, OptionalColumn<C, Key>>]?: WrittenValue<C, K, Key>
    }
  >
  update: Flat<{ [K in WritableColumn<C>]?: WrittenValue<C, K, Key> }>
  references: Flat<{
    [K in keyof C as [C[K][typeof info]['references']] extends [never]
      ? never
      : K]: C[K][typeof info]['references']
  }>
}

type RowValue<Info extends ColumnInfo, InKey> = [Info['notNull'], InKey] extends [false, false]
  ? Info['value'] | null
  : Info['value']

type WrittenValue<C extends Columns, K extends keyof C, Key> = RowValue<
  C[K][typeof info],
  K extends Key ? true : false
>

type WritableColumn<C extends Columns> = {
  [K in keyof C]: C[K][typeof info]['generated'] extends true ? never : K
}[keyof C]

type OptionalColumn<C extends Columns, Key extends string> = {
  [K in keyof C]: C[K][typeof info] extends { hasDefault: true } | { type: 'id' }
    ? K
    : C[K][typeof info] extends { type: 'integer'; primaryKey: true }
      ? K
      : K extends Key
        ? // The key of one integer column is the rowid, which SQLite gives. `Key` of several columns is a union.
          [C[K][typeof info]['type'], Key] extends ['integer', K]
          ? K
          : never
        : C[K][typeof info]['notNull'] extends true
          ? never
          : K
}[keyof C]

type Flat<T> = { -readonly [K in keyof T]: T[K] }
