import { ApiClient } from 'doctape-sdk';
import { ImplicitGrantClient } from 'doctape-sdk/browser';
import { sandboxUrl } from 'playground';

const client = new ImplicitGrantClient({
  clientId: 'a2b4c6d8-1e3f-4a5b-8c7d-9e0f1a2b3c03',
  redirectUri: location.origin + location.pathname, // runs this code
  scope: ['account.read', 'file.read'],
  authorizationEndpoint: `${sandboxUrl}/oauth2`,
});

let token;
try {
  token = client.resume(); // on every page load
} catch (error) {
  console.warn(error); // for example, the user declined
}

const button = document.createElement('button');
document.body.append(button);
if (token) {
  const api = new ApiClient({ token, baseUrl: `${sandboxUrl}/v1` });
  const { username } = await api.account.get();
  console.log(`Hello ${username}. The token allows`, token.scope);
  button.textContent = 'Sign out';
  button.onclick = () => {
    client.signOut();
    location.reload();
  };
} else {
  console.log('Press the button. The sandbox has a user alice.');
  button.textContent = 'Sign in';
  button.onclick = () => client.signIn();
}
