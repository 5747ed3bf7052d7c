import { DefaultNamingStrategy } from 'typeorm'

/** camelCase properties over snake_case columns. */
export class SnakeCaseNamingStrategy extends DefaultNamingStrategy {
  override columnName(property: string, customName: string | undefined, prefixes: string[]): string {
    return customName || [...prefixes, property].map(snakeCase).join('_')
  }
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
