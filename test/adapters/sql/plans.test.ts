import { openSqlite } from '../../../adapters/sql/dialects/sqlite-open.js'
import { sqlAdapters } from '../../../adapters/sql/index.js'
import { runConformance } from '../../../lib/testing/index.js'
import { testDatabase } from '../../support/test-database.js'
import { recordStatements } from './statements.js'

/** Reading a tenant's whole table, which only lists and counts of everything may do. */
const wholeTenant =
  /^SCAN scim_(resources|lookups|members|records|pending|audit)|^SEARCH (?!.*(scim_resources_listing|scim_rules)).*\(tenant=\?\)$|^SEARCH .*scim_resources_listing \(tenant=\?( AND resource_type=\?)?\)$/

/**
 * Statements whose answer depends on everything: lists, counts, filters without an index, status
 * pages.
 */
const mayRead = [
  /from scim_resources as resource where resource\.tenant = \? and resource\.resource_type = \?/,
  /from scim_pending where tenant = \?.*\s+order by since/,
  /from scim_pending\s+where tenant = \? group by parked/,
  /where tenant = \? and last_error is not null/,
  /update scim_pending set parked = 0/,
  /from scim_sweeps/,
  // Once at the start, and when the clock was set back.
  /with ahead as materialized/,
  /from scim_records\s+where tenant = \? and user_id > \?/,
  /from scim_audit/,
  // All workspaces are read once a version; of refusals a bounded number is kept.
  /from scim_workspaces where tenant = \? order by title/,
  /from scim_workspace_projects\s+where tenant = \? and workspace_id is not null/,
  // A tenant has at most a hundred tokens, and two hundred uses.
  /from scim_tokens where tenant = \?\s+order by created_at/,
  /from scim_token_uses where tenant = \?\s+order by last_at/,
  /delete from scim_refusals\s+where tenant = \? and \(person, method, path\) in/,
  // A bounded number of passed-over names is kept.
  /from scim_passed_over\s+where tenant = \?/,
  // Once for each person who was deleted long ago.
  /delete from scim_values\s+where tenant = \?\s+and \(name like/,
  // One entry at most.
  /exists \(select 1 from scim_members where tenant = \? and nested = 1\)/,
  // Migrations, once.
  /insert into scim_counts .* select tenant, resource_type, -1, count/s,
  /update scim_records set had_role = 1 where record like/,
]

it('finds what it needs by an index in every statement whose answer does not depend on everything', async () => {
  const database = await testDatabase()
  const texts = await recordStatements(() =>
    runConformance(() => sqlAdapters({ url: database.url })),
  )
  const statements = [...new Set(texts.map(statementIn))].filter((text) => text.includes('scim_'))
  expect(statements.length).toBeGreaterThan(60)
  const plans = await explain(database.url, statements)
  const offending = plans.filter(
    ({ text, plan }) =>
      plan.some((step) => wholeTenant.test(step)) && !mayRead.some((known) => known.test(text)),
  )
  expect(offending).toEqual([])
  await database.drop()
})

it('finds a position in the order of creation by index, however far it is', async () => {
  const database = await testDatabase()
  const texts = await recordStatements(() =>
    runConformance(() => sqlAdapters({ url: database.url })),
  )
  const statements = [...new Set(texts.map(statementIn))].filter((text) =>
    /created, (resource\.)?id\) >.*order by (resource\.)?created/s.test(text),
  )
  expect(statements.length).toBeGreaterThan(1)
  for (const { plan } of await explain(database.url, statements)) {
    expect(plan.join('\n')).toMatch(/scim_resources_listing \(.*\(created,id\)>\(\?,\?\)\)/)
  }
  await database.drop()
})

/** Without the time, the name and the duration that `debug` writes around it. */
function statementIn(line: string): string {
  const text = line.replace(/ \+\d+m?s$/, '')
  return text.slice(text.search(/\b(select|insert|update|delete|with|create|begin|pragma)\b/))
}

async function explain(url: string, statements: readonly string[]) {
  const { reader } = await openSqlite(url.slice('sqlite:'.length), 1000)
  const client = await reader.take()
  const plans = []
  for (const text of statements) {
    if (!/^(select|insert|update|delete|with)/.test(text)) continue
    const parameters = [...text.matchAll(/\?/g)].map(() => '')
    const { rows } = await client.run(`explain query plan ${text}`, parameters)
    plans.push({ text, plan: (rows as { detail: string }[]).map(({ detail }) => detail) })
  }
  return plans
}
