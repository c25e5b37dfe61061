import { startFakeLabelStudio } from '../../support/fake-label-studio/index.js'
import { describeReplacedCredentials } from './replaced-credentials.js'

describeReplacedCredentials('credentials in the fake Label Studio Community', () =>
  startFakeLabelStudio({ mode: 'oss-new' }),
)
