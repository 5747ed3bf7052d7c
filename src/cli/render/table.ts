import { type Colour, paint } from './colours.ts'

export interface Column<Row> {
  readonly title: string
  readonly value: (row: Row) => string | number
  /** Numbers are easier to compare at the right. */
  readonly right?: boolean
  readonly colour?: (row: Row) => Colour | undefined
}

const GAP = '  '

/** Lines of a table with a head; as wide as it must be, or as the terminal is. */
export function renderTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const cells = rows.map((row) => columns.map((column) => String(column.value(row))))
  const widths = columns.map((column, index) =>
    Math.max(column.title.length, ...cells.map((line) => line[index]?.length ?? 0)),
  )
  const last = columns.length - 1
  widths[last] = Math.max(10, Math.min(widths[last] ?? 0, room(widths.slice(0, last))))
  const head = columns.map((column, index) => pad(column.title, widths[index] ?? 0, column.right))
  const lines = cells.map((line, rowIndex) =>
    line.map((cell, index) => {
      const column = columns[index] as Column<Row>
      const text = pad(cell, widths[index] ?? 0, column.right)
      const colour = column.colour?.(rows[rowIndex] as Row)
      return colour === undefined ? text : paint(text, colour)
    }),
  )
  return [paint(head.join(GAP).trimEnd(), 'dim'), ...lines.map((line) => line.join(GAP).trimEnd())].join('\n')
}

/** What a terminal leaves for the last column; in a file or pipe nothing is ever cut. */
function room(widths: readonly number[]): number {
  const { isTTY, columns } = process.stdout
  // Some terminals do not know their width.
  if (!isTTY || !columns) return Number.POSITIVE_INFINITY
  return columns - widths.reduce((sum, width) => sum + width + GAP.length, 0)
}

function pad(text: string, width: number, right = false): string {
  const cut = text.length > width ? `${text.slice(0, width - 1)}…` : text
  return right ? cut.padStart(width) : cut.padEnd(width)
}
