import { describeWith } from '../support/available.ts';
import { describeObjectStorage } from './object-storage.suite.ts';

describeWith('minio', 'a real server', (minio) => {
  describeObjectStorage('MinIO', () => ({ ...minio, differences: {} }), { listsBy: 'key' });
});
