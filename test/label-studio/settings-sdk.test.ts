import { execFile } from 'node:child_process'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { adminToken, aSettingsApp } from '../settings/support.js'
import { pythonWithSdk } from '../support/label-studio-server.js'

const rules = {
  roles_groups: [
    ['Administrator', 'LS-Admins'],
    ['Annotator', 'LS-Ann'],
  ],
  workspaces_groups: [['Engineering', 'LS-Eng']],
  projects_groups: [{ project_id: 42, group: 'LS-P42', role: 'Reviewer' }],
}

/** A script as customers of Label Studio Enterprise have it; only the address differs. */
const script = `
import json, sys
from label_studio_sdk import LabelStudio
from label_studio_sdk.core.api_error import ApiError

client = LabelStudio(base_url=sys.argv[1], api_key=sys.argv[2])
rules = json.loads(sys.argv[3])
seen = {'before': client.sso.scim.get().dict()}
seen['updated'] = client.sso.scim.update(**rules).dict()
seen['after'] = client.sso.scim.get().dict()
try:
    client.sso.scim.update(roles_groups=[['Owner', 'LS-Admins']])
except ApiError as error:
    seen['refused'] = {'status': error.status_code, 'body': error.body}
seen['partial'] = client.sso.scim.update(roles_groups=[]).dict()
seen['last'] = client.sso.scim.get().dict()
print(json.dumps(seen))
`

describe("Label Studio's Python SDK", () => {
  it('reads and updates the settings as it does those of Label Studio Enterprise', async () => {
    const { app, access, scope } = aSettingsApp()
    const server = app.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    try {
      const { stdout } = await promisify(execFile)(await pythonWithSdk(), [
        '-c',
        script,
        url,
        adminToken,
        JSON.stringify(rules),
      ])
      const seen = JSON.parse(stdout)
      expect(seen.before).toMatchObject({
        roles_groups: [],
        workspaces_groups: [],
        projects_groups: [],
      })
      expect(seen.updated).toMatchObject(rules)
      expect(seen.after).toMatchObject(rules)
      expect(seen.refused.status).toBe(400)
      expect(seen.refused.body.detail).toBe('roles_groups[0]: Owner cannot be given by a rule.')
      expect(seen.partial).toMatchObject({ ...rules, roles_groups: [] })
      expect(seen.last).toMatchObject({ ...rules, roles_groups: [] })
      expect((await access.rules(scope)).version).toBe('2')
    } finally {
      server.close()
    }
  })
})
