import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { Json, JsonObject } from '../../lib/schema/types.js'
import { type Choice, patch, refusal, resources } from './fixtures.js'

/**
 * One row of test/cases/patch: operations on the type's resource of fixtures.ts, and what becomes
 * of it.
 */
interface Case {
  readonly name: string
  readonly type: string
  /** Attributes in place of those of the fixture; `null` takes one away. */
  readonly given?: JsonObject
  readonly options?: Choice
  readonly operations: Json
  /** Attributes that differ afterwards; `null`: unassigned. Empty: nothing changed. */
  readonly result?: JsonObject
  readonly secrets?: JsonObject
  /** `scimType`, or the status where there is none. */
  readonly error?: string | number
}

describe.each(['rfc-examples', 'add', 'remove', 'replace', 'paths', 'values', 'pathless'])(
  'test/cases/patch/%s.json',
  (file) => {
    it.each(casesOf(file))('$name', (row) => {
      const resource = overlay(resources[row.type]!, row.given ?? {})
      const options = { ...row.options, resource }
      if (row.error !== undefined) {
        const { status, scimType } = refusal(() => patch(row.type, row.operations, options))
        expect(scimType ?? status).toBe(row.error)
        return
      }
      const patched = patch(row.type, row.operations, options)
      expect(patched.resource).toEqual(overlay(resource, row.result ?? {}))
      expect([...patched.changed].sort()).toEqual(Object.keys(row.result ?? {}).sort())
      expect(patched.secrets).toEqual(row.secrets ?? {})
    })
  },
)

function casesOf(file: string): Case[] {
  const text = readFileSync(path.join(__dirname, `../cases/patch/${file}.json`), 'utf8')
  return JSON.parse(text) as Case[]
}

function overlay(resource: JsonObject, changes: JsonObject): JsonObject {
  const merged = { ...resource, ...changes }
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== null))
}
