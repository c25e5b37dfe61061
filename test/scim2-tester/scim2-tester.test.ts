import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { buildHost, type StartedHost, startHost } from '../host/start-host.js'
import { pythonEnvironment } from '../support/python-environment.js'

const requirement = 'scim2-tester[httpx2]==0.5.2'
const token = 'scim_token-of-the-scim2-tester-suite'

interface Check {
  readonly title: string
  /** `User` or `Group`, or of the service provider as a whole. */
  readonly type: string | null
  readonly status: string
  readonly reason: string | null
  readonly data: string
}

/**
 * Every check of this version and how often it reports: once for each attribute, schema or method.
 * A check that no longer runs would pass unseen otherwise.
 */
const expectedChecks = {
  service_provider_config_endpoint: 1,
  service_provider_config_endpoint_methods: 4,
  query_all_resource_types: 1,
  query_resource_type_by_id: 2,
  access_invalid_resource_type: 1,
  resource_types_endpoint_methods: 4,
  resource_types_schema_validation: 2,
  query_all_schemas: 1,
  access_schema_by_id: 6,
  access_invalid_schema: 1,
  schemas_endpoint_methods: 4,
  random_url: 1,
  'User object_creation': 1,
  'User object_query': 1,
  'User object_query_without_id': 1,
  'User object_query_with_attributes': 2,
  'User object_list_with_attributes': 2,
  'User search_with_attributes': 2,
  'User object_replacement': 1,
  'User object_deletion': 1,
  'User check_add_attribute': 27,
  'User check_remove_attribute': 26,
  'User check_replace_attribute': 28,
  'Group object_creation': 1,
  'Group object_query': 1,
  'Group object_query_without_id': 1,
  'Group object_query_with_attributes': 2,
  'Group object_list_with_attributes': 2,
  'Group search_with_attributes': 2,
  'Group object_replacement': 1,
  'Group object_deletion': 1,
  'Group check_add_attribute': 2,
  'Group check_remove_attribute': 2,
  'Group check_replace_attribute': 3,
}

describe('scim2-tester against the example host', () => {
  let host: StartedHost
  let checks: readonly Check[]

  beforeAll(async () => {
    const { python } = await pythonEnvironment('scim2-tester', requirement)
    await buildHost()
    host = await startHost({ SCIM_TOKEN: token, DATABASE_URL: 'sqlite::memory:' })
    const { stdout } = await promisify(execFile)(
      python,
      [path.join(__dirname, 'check.py'), `${host.origin}/scim/v2`],
      { env: { ...process.env, SCIM_TOKEN: token }, maxBuffer: 64 * 1024 * 1024 },
    )
    checks = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Check)
  })
  afterAll(() => host?.stop())

  it('finds no error, nothing critical and no deviation, and skips nothing (R-DISC-11)', () => {
    const good = ['SUCCESS', 'COMPLIANT', 'ACCEPTABLE']
    expect(checks.filter(({ status }) => !good.includes(status))).toEqual([])
  })

  it('runs every check it has', () => {
    const counts: Record<string, number> = {}
    for (const { title, type } of checks) {
      const name = type === null ? title : `${type} ${title}`
      counts[name] = (counts[name] ?? 0) + 1
    }
    expect(counts).toEqual(expectedChecks)
  })
})
