/** Which share of failed requests is trouble, and how many requests it takes to say so. Safe in a browser. */

/** from this share of requests on, in percent, failures are worth a colour and a sentence */
export const FAILING_PERCENT = 1;
/** 1 of 2 requests tells nothing: a share needs this many requests, and this many failed ones */
export const LEAST_REQUESTS = 10;
export const LEAST_FAILED = 3;

/** A share with its base, as it is measured. */
export interface FailedShare {
  /** 0 to 100; null: not known */
  errorPercent: number | null;
  requests: number;
}

/** How many requests a share stands for. */
export const failedOf = ({ errorPercent, requests }: FailedShare): number =>
  Math.round(((errorPercent ?? 0) / 100) * requests);

/** Whether a notable share fails, of however few requests. */
export const isFailing = (share: FailedShare): boolean =>
  failedOf(share) > 0 && (share.errorPercent ?? 0) >= FAILING_PERCENT;

/** Whether what fails is too little to judge by: it is said as "1 of 1 failed", never as a bare 100 %. */
export const isTooFew = (share: FailedShare): boolean =>
  isFailing(share) && (share.requests < LEAST_REQUESTS || failedOf(share) < LEAST_FAILED);
