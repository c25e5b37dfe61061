/** A short guide to connecting an identity provider. */
export interface Guide {
  /** Name of the guide in the documentation, e.g. `okta` for docs/okta.md. */
  readonly id: string
  readonly name: string
  readonly steps: readonly string[]
}

/** The identity providers to choose from. The documentation has the details. */
export const guides: readonly Guide[] = [
  {
    id: 'okta',
    name: 'Okta',
    steps: [
      'Open your SAML or SWA app integration. General > App Settings: set Provisioning to SCIM.',
      'Provisioning > Integration: enter the base URL; unique identifier "email"; ' +
        'actions Push New Users, Push Profile Updates, Push Groups; ' +
        'Authentication Mode "HTTP Header" with only the token.',
      'Test Connector Configuration, then Save.',
      'Provisioning > To App: enable Create Users, Update User Attributes, Deactivate Users; ' +
        'also Sync Password, unless people sign up in Label Studio with a link of their own.',
      'Assignments: assign people. Push Groups: push the groups that your rules name.',
    ],
  },
  {
    id: 'entra',
    name: 'Microsoft Entra ID',
    steps: [
      'Enterprise apps > New application > Create your own application (non-gallery), or ' +
        'open the one that signs people in.',
      'Provisioning > New configuration: Tenant URL is the base URL, Secret Token only the token.',
      'Test Connection, then Create. Map mail to userName and to emails[type eq "work"].value, ' +
        'and objectId to externalId.',
      'Users and groups: assign people and groups. Then Start provisioning; ' +
        'a cycle takes about 40 minutes, Provision on demand a few seconds.',
      'Entra ID sends no passwords: in front of Label Studio Community, let people sign up with ' +
        'a link of their own (LABEL_STUDIO_FIRST_SIGN_IN=invite).',
    ],
  },
  {
    id: 'onelogin',
    name: 'OneLogin',
    steps: [
      'Applications > Add App > SCIM Provisioner with SAML (SCIM v2 Enterprise).',
      'Configuration: enter the base URL and the token; API Connection > Enable. ' +
        'The documentation has the JSON template.',
      'Parameters: SCIM Username is Email. Provisioning: enable it. Access: give roles.',
    ],
  },
  {
    id: 'jumpcloud',
    name: 'JumpCloud',
    steps: [
      'SSO Applications > Add > Custom Application, with Export users to this app.',
      'Identity Management: SCIM 2.0, the base URL, Token Key is the token; enable groups; ' +
        'Test Connection, Activate.',
      'User Groups: choose the groups whose people are to be provisioned.',
    ],
  },
  {
    id: 'google-workspace',
    name: 'Google Workspace',
    steps: [
      'In an application of the catalog with automated provisioning, enter the base URL ' +
        'and the token.',
      'Map Primary email to userName and to the work address, and switch provisioning on.',
      'Google does not send groups: set a default role, or push groups from elsewhere.',
    ],
  },
  {
    id: 'pingone',
    name: 'PingOne',
    steps: [
      'Integrations > Provisioning > New Connection > SCIM: ' +
        'the base URL, OAuth 2 Bearer Token with the token.',
      'Test Connection. Make a rule with the people in scope; map the e-mail address to userName.',
      'Switch the connection and the rule on.',
    ],
  },
  {
    id: 'authentik',
    name: 'authentik',
    steps: [
      'Make a SCIM provider: URL is the base URL, Token only the token.',
      'Add it to your application as backchannel provider; without an application nobody is sent.',
    ],
  },
  {
    id: 'keycloak',
    name: 'Keycloak',
    steps: [
      'Put a SCIM extension into Keycloak’s providers folder; the documentation compares them.',
      'User federation: add its provider with the base URL and the token as bearer.',
      'Disable people before you delete them: some extensions never send deletions.',
    ],
  },
  {
    id: 'sailpoint',
    name: 'SailPoint',
    steps: ['Make a source with the SCIM 2.0 connector: host URL is the base URL, API token.'],
  },
  {
    id: 'cyberark',
    name: 'CyberArk Identity',
    steps: ['Open the application’s Provisioning page, choose SCIM 2.0, enter both, and verify.'],
  },
  {
    id: 'rippling',
    name: 'Rippling',
    steps: ['Make a custom integration with User Management via SCIM, version 2.0, Bearer Token.'],
  },
  {
    id: 'canaille',
    name: 'Canaille',
    steps: [
      'Enable the SCIM client in canaille.toml, and make a client whose URI is the base URL.',
    ],
  },
  {
    id: 'syncope',
    name: 'Apache Syncope, midPoint',
    steps: ['Choose SCIMv2Connector: baseAddress is the base URL, ending in a slash.'],
  },
  {
    id: 'connect',
    name: 'Another one',
    steps: [
      'Look for SCIM 2.0 provisioning in its application settings.',
      'Enter the base URL, and the token as bearer token in the Authorization header.',
      'Set userName to the e-mail address, and send the groups that your rules name.',
    ],
  },
]
