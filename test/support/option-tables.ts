import { identifyTable } from '../../adapters/label-studio/api/sessions/identify.js'
import { ownerTable } from '../../adapters/label-studio/gate/owner.js'
import { importTable } from '../../adapters/label-studio/import/import.js'
import { labelStudioTable } from '../../adapters/label-studio/options.js'
import { labelStudioPolicyTable } from '../../adapters/label-studio/policy/index.js'
import { memoryTable } from '../../adapters/memory/index.js'
import { sqlTable } from '../../adapters/sql/index.js'
import { reconcilerTable } from '../../lib/access/options.js'
import { signInTable } from '../../lib/access/sign-in.js'
import type { OptionRows, OptionTable } from '../../lib/configuration/option.js'
import { gateTable } from '../../lib/gate/options.js'
import { bearerTable, tokenTable } from '../../lib/http/bearer-tokens.js'
import { policyTable } from '../../lib/mapping/policy.js'
import { scimTable } from '../../lib/options.js'
import { settingsTable } from '../../lib/settings/options.js'

/** The tables of all option objects. */
export const optionTables: readonly OptionTable[] = [
  scimTable,
  tokenTable,
  bearerTable,
  gateTable,
  reconcilerTable,
  signInTable,
  settingsTable,
  policyTable,
  memoryTable,
  sqlTable,
  labelStudioTable,
  importTable,
  identifyTable,
  labelStudioPolicyTable,
  ownerTable,
]

/** An option as shown in the documentation. */
export interface OptionRow {
  /** Nested options contain a dot. */
  readonly name: string
  readonly shown: string
  readonly range: string | undefined
}

/** Every option of a table. */
export function rowsOf(rows: OptionRows, path = ''): OptionRow[] {
  return Object.entries(rows).flatMap(([key, option]) => {
    const { type, required } = option
    const name = `${path}${key}`
    if (type.inside) return rowsOf(type.inside, `${name}.`)
    const shown =
      option.shown ??
      (required ? 'required' : `\`${JSON.stringify(option.default) ?? 'undefined'}\``)
    return [{ name, shown, range: type.range ?? type.each?.range }]
  })
}

/** The defaults of a table. */
export function defaultsOf(rows: OptionRows): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(rows).map(([name, { type, default: value }]) => [
      name,
      type.inside && value ? defaultsOf(type.inside) : value,
    ]),
  )
}
