/** Options that several commands have. */
import { InvalidArgumentError, Option } from 'commander'

/** Of an option that can be repeated. */
export function collect(value: string, before: readonly string[]): string[] {
  return [...before, value]
}

export function jsonOption(description = 'print JSON'): Option {
  return new Option('--json', description)
}

/** Reads a whole number within bounds. */
export function whole(minimum: number, maximum: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,12}$/.test(text) ? Number(text) : NaN
    if (value >= minimum && value <= maximum) return value
    throw new InvalidArgumentError(`It must be a whole number from ${minimum} to ${maximum}.`)
  }
}
