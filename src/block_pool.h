// Memory of calls that have ended, for later ones: the next call finds it warm, and on whatever
// thread the one before was made, the memory for a thousand calls in flight is there only once.
#ifndef SERVICE_ACCOUNTS_SRC_BLOCK_POOL_H_
#define SERVICE_ACCOUNTS_SRC_BLOCK_POOL_H_

#include <cstddef>
#include <memory>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

namespace service_accounts::v0::internal {

/// Of blocks of one size. Safe for use from any thread.
class BlockPool {
 public:
  BlockPool() { free_.reserve(kMost); }
  ~BlockPool() {
    for (void* block : free_) ::operator delete(block);
  }
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;

  [[nodiscard]] void* Take(std::size_t size) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (!free_.empty()) {
        void* const block = free_.back();
        free_.pop_back();
        return block;
      }
    }
    return ::operator new(size);
  }

  void Return(void* block) noexcept {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (free_.size() < kMost) {
        free_.push_back(block);
        return;
      }
    }
    ::operator delete(block);
  }

 private:
  static constexpr std::size_t kMost = 256;

  std::mutex mutex_;
  std::vector<void*> free_;
};

/// `new (pool) T` for a T that derives from this: all of one size. The block holds on to its pool.
class FromBlockPool {
 public:
  static void* operator new(std::size_t size, const std::shared_ptr<BlockPool>& pool) {
    void* const block = pool->Take(sizeof(Owner) + size);
    new (block) Owner{pool};
    return static_cast<Owner*>(block) + 1;
  }

  // Its counterpart is the `new` with a pool, which the object itself has to know when it ends.
  // NOLINTNEXTLINE(cert-dcl54-cpp,misc-new-delete-overloads)
  static void operator delete(void* object) noexcept {
    auto* const owner = static_cast<Owner*>(object) - 1;
    const std::shared_ptr<BlockPool> pool = std::move(owner->pool);
    owner->~Owner();
    pool->Return(owner);
  }

  static void operator delete(void* object, const std::shared_ptr<BlockPool>&) noexcept {
    operator delete(object);
  }

 private:
  struct alignas(std::max_align_t) Owner {
    std::shared_ptr<BlockPool> pool;
  };
};

}  // namespace service_accounts::v0::internal

#endif  // SERVICE_ACCOUNTS_SRC_BLOCK_POOL_H_
