/** What a flag takes. Parsing, help and suggestions are all made from this. */
export type Flag = {
  /** One text for all verbs, or one for each that has the flag. */
  readonly help: string | Readonly<Record<string, string>>
  readonly short?: string
  /** Ours alone: neither in the help nor among the suggestions. */
  readonly hidden?: true
} & (
  | { readonly kind: 'switch' }
  | { readonly kind: 'text' | 'texts' | 'time'; readonly value: string }
  /** A number without a unit is milliseconds, unless it says `seconds`. */
  | { readonly kind: 'duration'; readonly value: string; readonly bare?: 'seconds' }
  | { readonly kind: 'whole'; readonly value: string; readonly least: number; readonly most?: number }
  /** `4`, or `2..8`. */
  | { readonly kind: 'range'; readonly value: string; readonly least: number }
  /** A whole number or this word. */
  | { readonly kind: 'whole-or-word'; readonly value: string; readonly least: number; readonly word: string }
  /** `5%` or `0.05`. */
  | { readonly kind: 'share'; readonly value: string; readonly most?: number }
  | { readonly kind: 'choice'; readonly choices: readonly string[]; readonly value?: string }
  /** `--flag` or `--flag=D`: the value needs the equals sign, or nobody could tell it from an argument. */
  | { readonly kind: 'duration-or-switch'; readonly value: string }
)

/** Both included. */
export interface Range {
  readonly min: number
  readonly max: number
}

/** What a flag's value is, once it is parsed: durations and times are milliseconds. */
export type ValueOf<F extends Flag> = F extends { kind: 'switch' }
  ? true
  : F extends { kind: 'text' }
    ? string
    : F extends { kind: 'texts' }
      ? readonly string[]
      : F extends { kind: 'whole' | 'duration' | 'time' | 'share' }
        ? number
        : F extends { kind: 'duration-or-switch' }
          ? number | true
          : F extends { kind: 'range' }
            ? number | Range
            : F extends { kind: 'whole-or-word'; word: infer W }
              ? number | W
              : F extends { kind: 'choice'; choices: readonly (infer C)[] }
                ? C
                : never
