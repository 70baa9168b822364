// Requests to the court's server, with the token that proves they come from our page.

/** An answer that is not a success. `status` 0 means no answer at all. */
export class HttpError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    text: string,
    readonly retryAfter: number,
  ) {
    super(text);
  }
}

export async function post(url: string, csrf: string, body = "", type = "text/plain"): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(url, {
      method: "POST",
      credentials: "same-origin",
      cache: "no-store",
      headers: { "content-type": type, "x-csrf-token": csrf, accept: "application/json, application/sdp" },
      body,
      signal: AbortSignal.timeout(10_000),
    });
  } catch {
    throw new HttpError(0, "no_answer", "no answer", 0);
  }
  if (answer.ok) return answer;
  let code = "";
  let text = "";
  try {
    const problem = (await answer.json()) as { code?: string; error?: string; text?: string; detail?: string };
    code = problem.code ?? problem.error ?? "";
    text = problem.text ?? problem.detail ?? "";
  } catch {
    // A page instead of a problem document: the status says enough.
  }
  throw new HttpError(answer.status, code, text, Number(answer.headers.get("retry-after") ?? 0));
}
